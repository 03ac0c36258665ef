/** What stands behind an event, and what can be changed. */
export interface Advice {
  /** The same for all events with this cause; stable, for programs. */
  readonly cause: string
  readonly text: string
}

/** How the commands that are advised must be called. */
export interface AdviceContext {
  /** The file given with --config, as it is written on a command line; null for none. */
  readonly config: string | null
}
