// Runs the tests.
//
//     npm test                                     all of them
//     npm test -- test/wire retained 'test/**/tls*'   those in files of these paths, folders, parts of a path or globs
//     npm test -- --conformance                    and says which normative statements the wire tests prove
//     npm test -- --lanes 1                        one process at a time
//
// Ends with 1 when a test fails, and when no file matches.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { judge, print } from './conformance-report.ts'
import { divide, findFiles, type Job } from './test-jobs.ts'
import { type Report, runJob } from './test-process.ts'
import { printProgress, printSummary } from './test-report.ts'

process.chdir(new URL('..', import.meta.url).pathname)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { conformance: { type: 'boolean', default: false }, lanes: { type: 'string' } },
})

const started = performance.now()
const files = findFiles(positionals)
if (files.length === 0) {
  console.error(`no test file matches ${positionals.join(' ')}`)
  process.exit(1)
}
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())

const reports = await runJobs(divide(files), Number(values.lanes) || Math.min(4, availableParallelism()))
const results = reports.flatMap((report) => report.results)
if (values.conformance) print(judge(results), wireTests(), 'Petaltail')
printSummary(results, performance.now() - started)
process.exitCode = results.some(({ state }) => state === 'failed') || stopping.signal.aborted ? 1 : 0

/** Each lane takes the next job when it has finished one. */
async function runJobs(jobs: readonly Job[], lanes: number): Promise<readonly Report[]> {
  const waiting = jobs.values()
  const done: Report[] = []
  const lane = async () => {
    for (const job of waiting) {
      if (stopping.signal.aborted) return
      const report = await runJob(job, stopping.signal)
      printProgress(report)
      done.push(report)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return done
}

function wireTests() {
  return results.filter(({ file }) => file.startsWith('test/wire/'))
}
