import { once } from 'node:events'
import { relative, resolve } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Result } from './conformance-report.ts'
import type { Job } from './test-jobs.ts'

/** What a job came to. */
export interface Report {
  readonly job: Job
  readonly results: readonly Result[]
  /** What its process printed. */
  readonly output: string
  readonly milliseconds: number
}

type Events = ReturnType<typeof run>
const groupEntry = fileURLToPath(new URL('test-group.ts', import.meta.url))
/** Milliseconds without news of a job until its process is killed: it may hang where no limit of a test helps. */
const patience = 300_000

/** Runs a job in a process of its own and resolves when that has ended. */
export async function runJob(job: Job, signal: AbortSignal): Promise<Report> {
  const started = performance.now()
  const hanging = new AbortController()
  const stream = run({
    files: job.shared ? [groupEntry] : [...job.files],
    argv: job.shared ? [...job.files] : [],
    concurrency: 1,
    env: environment(job),
    signal: AbortSignal.any([signal, hanging.signal]),
  })
  const results: Result[] = []
  let output = ''
  const silence = setTimeout(() => {
    output += `nothing was heard of it for ${patience / 1_000} s\n`
    hanging.abort()
  }, patience)
  stream.on('data', () => silence.refresh())
  collect(stream, job, results)
  stream.on('test:stdout', ({ message }) => (output += message))
  stream.on('test:stderr', ({ message }) => (output += message))
  // What goes wrong when the test it comes from is over belongs to no test.
  stream.on('test:diagnostic', ({ message }) => {
    if (message.includes('asynchronous activity')) output += `${message}\n`
  })
  await once(stream, 'end')
  clearTimeout(silence)
  return { job, results: [...results, ...silent(job, results)], output, milliseconds: performance.now() - started }
}

/** Hundreds of processes load the same modules: what one has compiled, the next need not. */
function environment({ onDisk }: Job): NodeJS.ProcessEnv {
  const cached = { NODE_COMPILE_CACHE: resolve('node_modules/.cache/node'), ...process.env }
  return onDisk ? { ...cached, PETALTAIL_WIRE_STORE: 'disk' } : cached
}

function collect(stream: Events, job: Job, results: Result[]): void {
  stream.on('test:pass', ({ name, file, skip, details }) => {
    // A process that ended well, without a test to say so, is reported by the name of its file.
    if (details.type === 'suite' || isFile(name, file)) return
    const skipped = skip !== undefined && skip !== false
    results.push({
      title: name,
      file: place(file),
      state: skipped ? 'skipped' : 'passed',
      why: skipped ? reasonOf(skip) : '',
    })
  })
  stream.on('test:fail', ({ name, file, details }) => {
    const error: Error & { failureType?: unknown } = details.error
    // The tests in it were reported by themselves.
    if (error.failureType === 'subtestsFailed') return
    const title = isFile(name, file) ? 'the process of the tests' : name
    const why = isFile(name, file) ? 'failed outside of its tests; what it printed is above' : explain(error)
    results.push({ title, file: job.files.includes(name) ? name : place(file), state: 'failed', why })
  })
}

/** A file without a result says nothing about the broker, which nobody would notice. */
function silent(job: Job, results: readonly Result[]): readonly Result[] {
  const heard = new Set(results.flatMap(({ file, title }) => [file, title]))
  const files = job.files.filter((file) => !heard.has(file))
  const [first] = files
  if (first === undefined) return []
  const title = files.length === 1 ? first : `${files.length} files from ${first} on`
  return [{ title, file: first, state: 'failed', why: 'no test in it ran to its end' }]
}

function isFile(name: string, file: string | undefined): boolean {
  return file !== undefined && resolve(name) === file
}

function reasonOf(skip: string | boolean): string {
  return typeof skip === 'string' && skip !== '' ? skip : 'no reason is given'
}

function place(file: string | undefined): string {
  return file === undefined ? '' : relative('.', file)
}

function explain(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : null
  if (cause === null) return typeof error.cause === 'string' ? error.cause : error.message
  const frames = cause.stack?.split('\n').filter((line) => /^\s+at .*\/(test|src)\//.test(line)) ?? []
  return [cause.message, ...frames.slice(0, 4)].join('\n')
}
