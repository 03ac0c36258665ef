import { type FigureKind, figureKinds, kindOf, shownRatio } from './figures.ts'
import type { Scenario } from './scenario.ts'
import type { Ratio, Standing, Summary } from './summary.ts'

/** One scenario as text: a row for each broker, then the ratios with their bars. */
export function scenarioTable(scenario: Scenario, summary: Summary): string {
  const all = Object.values(summary.medians)
  const kinds = figureKinds.filter(({ name }) => all.some((figures) => figures[name] !== undefined))
  const header = [scenario.durable ? 'durable' : 'in memory', ...kinds.map((kind) => kind.title)]
  const rows = Object.entries(summary.medians).map(([broker, figures]) => [
    broker,
    ...kinds.map((kind) => shown(kind, figures[kind.name])),
  ])
  const lines = [`${scenario.name}: ${scenario.title}`, ...aligned([header, ...rows])]
  return [...lines, ...ratioLines(summary), ...itselfLines(summary), ''].join('\n')
}

/** Columns aligned: the first to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

function shown(kind: FigureKind, value: number | undefined): string {
  return value === undefined ? '-' : kind.show(value)
}

function ratioLines(summary: Summary): string[] {
  return summary.ratios.map((ratio) => {
    const standing = summary.standings.find((one) => one.figure === ratio.figure && one.of === ratio.peer)
    const range = `${shownRatio(ratio.lowest)} to ${shownRatio(ratio.highest)}`
    return `  ${kindOf(ratio.figure).title}: ${shownRatio(ratio.median)} × ${ratio.peer} (${range})${verdict(standing, shownRatio)}`
  })
}

/** The bars that are not about a peer. */
function itselfLines(summary: Summary): string[] {
  const peers = new Set(summary.ratios.map((ratio: Ratio) => ratio.peer))
  return summary.standings
    .filter((standing) => !peers.has(standing.of))
    .map((standing) => {
      const kind = kindOf(standing.figure)
      const show = standing.of === 'itself' ? kind.show : shownRatio
      const of = standing.of === 'itself' ? '' : ` × ${standing.of}`
      return `  ${kind.title}: ${show(standing.value)}${of}${verdict(standing, show)}`
    })
}

function verdict(standing: Standing | undefined, show: (value: number) => string): string {
  if (standing === undefined) return ''
  const least = kindOf(standing.figure).more ? 'at least ' : ''
  return `, bar ${least}${show(standing.limit)}: ${standing.met ? 'reached' : 'NOT reached'}`
}
