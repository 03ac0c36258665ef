import { comparedFigures } from './figures.ts'
import type { Figures } from './load.ts'
import type { Run } from './runs.ts'
import type { Bar, Scenario } from './scenarios.ts'

/** How one figure of this broker compares with a peer's: the median of the rounds' ratios, and their range. */
export interface Ratio {
  readonly figure: string
  readonly peer: string
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

/** A bar, and where this broker stands: `value` is a ratio or the figure itself, as the bar says. */
export interface Standing {
  readonly figure: string
  readonly of: string
  readonly value: number
  readonly limit: number
  readonly met: boolean
}

/** One scenario, all rounds together. */
export interface Summary {
  readonly scenario: string
  /** The medians of the rounds, by broker. */
  readonly medians: Readonly<Record<string, Figures>>
  readonly ratios: readonly Ratio[]
  readonly standings: readonly Standing[]
}

/** The peer the bars that say `peer` are about. */
export const barPeer = 'mosquitto'

/** Summarises the runs of one scenario; `earlier` has the scenarios that a bar may refer to. */
export function summarize(
  scenario: Scenario,
  runs: readonly Run[],
  subject: string,
  earlier: readonly Summary[],
): Summary {
  const brokers = [...new Set(runs.map((run) => run.broker))]
  const medians = Object.fromEntries(
    brokers.map((broker) => [broker, mediansOf(runs.filter((run) => run.broker === broker))]),
  )
  const others = brokers.filter((broker) => broker !== subject)
  const ratios = comparedFigures.flatMap((figure) => others.flatMap((peer) => ratioOf(figure, runs, subject, peer)))
  const own = medians[subject] ?? {}
  const standings = scenario.bars.flatMap((bar) => standingOf(bar, own, ratios, subject, earlier))
  return { scenario: scenario.name, medians, ratios, standings }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

// Losses are not averaged away: what one round lost stands in the summary.
const worst: ReadonlySet<string> = new Set(['lost', 'duplicates', 'reordered', 'disconnects', 'refused', 'withoutFlag'])

function mediansOf(runs: readonly Run[]): Figures {
  const names = new Set(runs.flatMap((run) => Object.keys(run.figures)))
  return Object.fromEntries(
    [...names].map((name) => {
      const values = runs.flatMap((run) => run.figures[name] ?? [])
      return [name, worst.has(name) ? Math.max(...values) : median(values)]
    }),
  )
}

function ratioOf(figure: string, runs: readonly Run[], subject: string, peer: string): Ratio[] {
  const ratios = runs
    .filter((run) => run.broker === subject)
    .flatMap((own) => {
      const other = runs.find((run) => run.broker === peer && run.round === own.round)?.figures[figure]
      const value = own.figures[figure]
      return other === undefined || value === undefined || other <= 0 ? [] : [value / other]
    })
  if (ratios.length === 0) return []
  return [{ figure, peer, median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) }]
}

function standingOf(
  bar: Bar,
  own: Figures,
  ratios: readonly Ratio[],
  subject: string,
  earlier: readonly Summary[],
): Standing[] {
  const value = standingValue(bar, own, ratios, subject, earlier)
  if (value === undefined) return []
  const of = bar.of === 'peer' ? barPeer : bar.of
  return [{ figure: bar.figure, of, value, limit: bar.limit, met: value <= bar.limit }]
}

function standingValue(
  bar: Bar,
  own: Figures,
  ratios: readonly Ratio[],
  subject: string,
  earlier: readonly Summary[],
): number | undefined {
  const { figure, of } = bar
  if (of === 'itself') return own[figure]
  if (of === 'peer') return ratios.find((ratio) => ratio.figure === figure && ratio.peer === barPeer)?.median
  const base = earlier.find((summary) => summary.scenario === of)?.medians[subject]?.[figure]
  const value = own[figure]
  return base === undefined || value === undefined ? undefined : value / base
}
