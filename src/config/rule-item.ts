/**
 * A file of rules, taken apart without being parsed: what stands around the list, and the text of each rule. Each text is
 * then parsed on its own, so that a large file takes time in proportion to its size, whatever is in it.
 *
 *     sets: …             head
 *     rules:              head
 *       - allow: publish  ┐ first item
 *         topic: a/#      ┘
 *       - deny: publish   ─ second item
 */
export interface SplitRules {
  /** The text without what belongs to an item. */
  readonly head: string
  /** How many lines it has up to the items, and how many are missing there. */
  readonly before: number
  readonly missing: number
  readonly items: readonly RuleItem[]
}

export interface RuleItem {
  readonly text: string
  /** The line its text begins in, from 1, and how many characters of that line come before. */
  readonly line: number
  readonly offset: number
}
