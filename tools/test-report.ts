import type { Result } from './conformance-report.ts'
import type { Report } from './test-process.ts'

/** Lines of all that failed: it is read where a log shows its end only. */
const longest = 54

/** One line for a job that ended; when something in it failed, why, and everything it printed. */
export function printProgress({ job, results, output, milliseconds }: Report): void {
  const failed = results.filter(({ state }) => state === 'failed')
  const mark = failed.length > 0 ? '✖' : '✔'
  console.log(`${mark} ${job.name}: ${countsOf(results)} (${(milliseconds / 1_000).toFixed(1)} s)`)
  for (const { file, title, why } of failed) console.log(`    ✖ ${file}: ${title}\n${indented(why, '        ')}`)
  if (failed.length > 0 && output !== '') console.log(indented(output.trimEnd(), '    | '))
}

/** What did not run and why, what failed and why, and last the counts alone on a line. */
export function printSummary(results: readonly Result[], milliseconds: number): void {
  printSkipped(results.filter(({ state }) => state === 'skipped'))
  printFailed(results.filter(({ state }) => state === 'failed'))
  console.log(`\n${(milliseconds / 1_000).toFixed(0)} s`)
  console.log(countsOf(results))
}

function printSkipped(skipped: readonly Result[]): void {
  if (skipped.length > 0) console.log('')
  for (const [why, tests] of Map.groupBy(skipped, (result) => result.why)) {
    const files = new Set(tests.map(({ file }) => file))
    console.log(
      `skipped: ${tests.length} test${tests.length === 1 ? '' : 's'}, because ${why}: ${[...files].join(', ')}`,
    )
  }
}

/** Every name, and of every error as many lines as there is room for. */
function printFailed(failed: readonly Result[]): void {
  if (failed.length === 0) return
  console.log('\nFailed:')
  const room = Math.max(1, Math.floor(longest / failed.length) - 1)
  for (const { file, title, why } of failed) {
    console.log(`  ✖ ${file}: ${title}\n${indented(why.split('\n').slice(0, room).join('\n'), '      ')}`)
  }
}

function countsOf(results: readonly Result[]): string {
  const count = (state: Result['state']) => results.filter((result) => result.state === state).length
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`
}

function indented(text: string, margin: string): string {
  return text.replaceAll(/^/gm, margin)
}
