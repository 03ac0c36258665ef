import { barPeers } from './brokers.ts'
import { cleanName } from './contestants.ts'
import { comparedFigures, kindOf } from './figures.ts'
import type { Figures } from './load.ts'
import { median } from './median.ts'
import type { Run } from './runs.ts'
import type { Bar, Scenario } from './scenario.ts'

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
  /** Who is compared with the others. */
  readonly subject: string
  /** The peer that the bars which say `peer` are about. */
  readonly peer: string
  /** The medians of the rounds, by broker. */
  readonly medians: Readonly<Record<string, Figures>>
  readonly ratios: readonly Ratio[]
  readonly standings: readonly Standing[]
}

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
  const compared = new Set([...comparedFigures, ...scenario.bars.filter(isRatio).map((bar) => bar.figure)])
  const ratios = [...compared].flatMap((figure) => others.flatMap((other) => ratioOf(figure, runs, subject, other)))
  const peer = scenario.durable ? barPeers.durable : barPeers.memory
  const summary = { scenario: scenario.name, subject, peer, medians, ratios }
  return { ...summary, standings: scenario.bars.flatMap((bar) => standingOf(bar, summary, earlier)) }
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

type Compared = Omit<Summary, 'standings'>

function standingOf(bar: Bar, summary: Compared, earlier: readonly Summary[]): Standing[] {
  const { figure, limit } = bar
  const of = otherOf(bar, summary)
  const value = standingValue(figure, of, summary, earlier)
  if (value === undefined) return []
  return [{ figure, of, value, limit, met: kindOf(figure).more ? value >= limit : value <= limit }]
}

function isRatio({ of }: Bar): boolean {
  return of === 'peer' || of === 'clean'
}

/** Whom the bar is about, by the name of its row. */
function otherOf({ of }: Bar, { peer, subject }: Compared): string {
  if (of === 'peer') return peer
  return of === 'clean' ? cleanName(subject) : of
}

function standingValue(
  figure: string,
  of: string,
  { subject, medians, ratios }: Compared,
  earlier: readonly Summary[],
): number | undefined {
  const value = medians[subject]?.[figure]
  if (of === 'itself') return value
  const ratio = ratios.find((one) => one.figure === figure && one.peer === of)
  if (ratio !== undefined) return ratio.median
  const base = earlier.find((summary) => summary.scenario === of)?.medians[subject]?.[figure]
  return base === undefined || value === undefined ? undefined : value / base
}
