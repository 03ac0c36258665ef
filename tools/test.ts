// Runs the tests.
//
//     npm test                                     all of them
//     npm test -- test/wire retained 'test/**/tls*'   those in files of these paths, folders, parts of a path or globs
//     npm test -- --conformance                    and says which normative statements the wire tests prove
//     npm test -- --lanes 1                        one process at a time
//
// Ends with 1 when a test fails, when no file matches and, with --conformance, when a statement that could be is not proved.

import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { judge, print, type Result } from './conformance-report.ts'
import { divide, findFiles, type Job } from './test-jobs.ts'
import { type Report, runJob } from './test-process.ts'
import { printProgress, printSummary } from './test-report.ts'

process.chdir(new URL('..', import.meta.url).pathname)
/** Where a broker that is told nothing keeps what it keeps: two tests that use it disturb each other. */
const defaultStore = 'data'

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

const hadStore = existsSync(defaultStore)
const reports = await runJobs(divide(files, process.env), Number(values.lanes) || Math.min(4, availableParallelism()))
const results = [...reports.flatMap(({ job, results: own }) => (job.onDisk ? own.map(onDisk) : own)), ...leftBehind()]
const unproved = values.conformance ? conformance() : 0
printSummary(results, performance.now() - started)
const failed = results.some(({ state }) => state === 'failed')
process.exitCode = failed || unproved > 0 || stopping.signal.aborted ? 1 : 0

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

/** A failure when a test used the default store. */
function leftBehind(): readonly Result[] {
  if (hadStore || !existsSync(defaultStore)) return []
  const why = `${defaultStore}/ was not there before: a broker of the tests needs a store of its own, or --store memory`
  return [{ title: 'no test uses the default store', file: 'tools/test.ts', state: 'failed', why }]
}

function onDisk(result: Result): Result {
  return { ...result, title: `${result.title} (on disk)` }
}

/** Prints what the wire tests prove; returns how many statements a server can show are not proved. */
function conformance(): number {
  const once = reports.filter(({ job }) => !job.onDisk).flatMap((report) => report.results)
  const wireTests = once.filter(({ file }) => file.startsWith('test/wire/'))
  const verdicts = judge(wireTests)
  print(verdicts, wireTests, 'Petaltail')
  return verdicts.reduce((sum, { open }) => sum + open.length, 0)
}
