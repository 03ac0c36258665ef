/** What one run of the generator does; the fields a kind does not use are 0. */
export interface Load {
  readonly kind:
    | 'pipe'
    | 'fanout'
    | 'fanin'
    | 'sparse'
    | 'conn'
    | 'conntls'
    | 'conntls-resumed'
    | 'subs'
    | 'retained'
    | 'offline'
    | 'decide-users'
    | 'decide-ordered'
    | 'decide-roles'
    | 'decide-spaces'
  readonly qos: number
  /** Pairs, subscribers, publishers or connections. */
  readonly clients: number
  /** Messages on their way at once: in all, or per publisher. */
  readonly window: number
  /** Messages per second of each publisher; in `pipe`, messages that are not allowed. */
  readonly rate: number
  /** Filters, retained or queued messages, or rules. */
  readonly amount: number
  /** Messages published after subscribing to `amount` filters; rules compiled beside those that are asked. */
  readonly messages: number
  readonly payloadBytes: number
  /** The sessions of the subscribers are to outlive their connections (pipe, fanout). */
  readonly persistent: boolean
  /** The clients have names and passwords, and what they may do is in rules (pipe, fanout). */
  readonly named: boolean
}

/** One run: the load, the broker, how long to measure. Sent to the generator as its only message. */
export interface Job {
  readonly load: Load
  readonly host: string
  readonly port: number
  /** Processes of the broker whose CPU and memory are read; empty when they cannot be. */
  readonly pids: readonly number[]
  readonly seconds: number
  readonly warmup: number
}

/** What a run measured, by name (figures.ts). A figure that could not be measured is absent. */
export type Figures = Readonly<Record<string, number>>
