import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Failure } from '../failure.ts'
import { comparedFigures, type FigureKind, kindOf, shownRatio } from './figures.ts'
import type { Figures } from './load.ts'
import { hasFields, isFigures } from './messages.ts'
import type { Summary } from './summary.ts'

/** What was measured once, to compare with: the medians by scenario and broker. */
export type Baseline = Readonly<Record<string, Medians>>

// On a shared machine a smaller difference means nothing.
const noise = 0.25

/** Stores the medians, and keeps those of scenarios in the file that were not run now. */
export function storeBaseline(file: string, summaries: readonly Summary[]): void {
  const medians = Object.fromEntries(summaries.map((summary) => [summary.scenario, summary.medians]))
  const stored = existsSync(file) ? readBaseline(file) : {}
  writeResult(file, { ...stored, ...medians })
}

export function readBaseline(file: string): Baseline {
  const content = parsed(file)
  if (isBaseline(content)) return content
  throw new Failure(`${file} is not a baseline of this bench: write one with --baseline ${file}`)
}

/** Writes a result as JSON that people can read, too. */
export function writeResult(file: string, result: unknown): void {
  try {
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  } catch (error) {
    throw new Failure(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** One line for each figure of this broker that the baseline has: then, now, and whether the difference says something. */
export function comparison(summary: Summary, baseline: Baseline): string[] {
  const then = baseline[summary.scenario]
  if (then === undefined) return [`  not in the baseline: ${summary.scenario}`]
  return comparedFigures.flatMap((figure) => {
    const { title, show } = kindOf(figure)
    const { subject, peer, medians: now } = summary
    return [
      ...change(title, show, then[subject]?.[figure], now[subject]?.[figure]),
      ...change(
        `${title} × ${peer}`,
        shownRatio,
        ratio(then, subject, peer, figure),
        ratio(now, subject, peer, figure),
      ),
    ]
  })
}

type Medians = Readonly<Record<string, Figures>>

function ratio(medians: Medians, subject: string, peer: string, figure: string): number | undefined {
  const own = medians[subject]?.[figure]
  const other = medians[peer]?.[figure]
  return own === undefined || other === undefined || other <= 0 ? undefined : own / other
}

function change(title: string, show: FigureKind['show'], then: number | undefined, now: number | undefined): string[] {
  if (then === undefined || now === undefined || then <= 0) return []
  const difference = now / then - 1
  const sign = difference < 0 ? '' : '+'
  const word = Math.abs(difference) < noise ? 'same' : difference < 0 ? 'better' : 'WORSE'
  const percent = `${sign}${(difference * 100).toFixed(0)} %`
  return [`  ${title}: ${show(now)} now, ${show(then)} in the baseline, ${percent}: ${word}`]
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function isBaseline(value: unknown): value is Baseline {
  if (!hasFields(value, [])) return false
  return Object.values(value).every((brokers) => hasFields(brokers, []) && Object.values(brokers).every(isFigures))
}
