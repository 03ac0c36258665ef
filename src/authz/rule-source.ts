import type { ReadRules, RuleList } from './policy/source.ts'

/** One source of rules. */
export interface RuleSource {
  /** What logs call it. */
  readonly name: string
  /** The files it is made of, none where it is the same always. */
  readonly files: readonly string[]
  readonly read: ReadRules
  /** Lets go of connections and timers. */
  readonly close: () => void
}

/** A source that is the same always. */
export function fixedSource(name: string, list: RuleList, close: () => void = () => {}): RuleSource {
  return { name, files: [], read: () => list, close }
}
