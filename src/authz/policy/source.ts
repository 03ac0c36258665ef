import type { Rule } from './rule.ts'

/** Something an operator should know of rules that are otherwise good. */
export interface Remark {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** What one source has to say, in its own order of precedence. */
export interface RuleList {
  readonly rules: readonly Rule[]
  readonly remarks: readonly Remark[]
}

/** The texts of the files of a source, by path, in the order they are given. */
export type SourceTexts = ReadonlyMap<string, string>

/**
 * Turns files into rules. Pure: reads nothing by itself.
 *
 * @throws BrokerError ACCESS_INVALID with every mistake on a line of its own, as `file:line:column: what, and what to do`.
 */
export type ReadRules = (texts: SourceTexts) => RuleList
