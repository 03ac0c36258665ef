// Runs the wire tests and says which normative statements they prove.
//
//     npm run conformance                                          our own broker, in the process of each test file
//     npm run conformance -- --target host:port                    another broker
//     npm run conformance -- --target host:port --websocket ws://host:port/path --json FILE
//
// Ends with 1 when a statement a server can show has no passing test or a failing one, and when any test failed. On
// another broker, tests that need settings of ours are skipped, and what only they show is not held against it.

import { once } from 'node:events'
import { globSync, writeFileSync } from 'node:fs'
import { run } from 'node:test'
import { parseArgs } from 'node:util'
import { judge, print, type Result } from './conformance-report.ts'

const { values } = parseArgs({
  options: { target: { type: 'string' }, websocket: { type: 'string' }, json: { type: 'string' } },
})

const results = await runWireTests(values.target, values.websocket)
const verdict = judge(results)
print(verdict, results, values.target ?? 'Petaltail')
if (values.json !== undefined) {
  writeFileSync(
    values.json,
    `${JSON.stringify({ target: values.target ?? null, specifications: verdict, results }, null, 2)}\n`,
  )
}
const proved = verdict.every(({ open }) =>
  open.every(({ state }) => values.target !== undefined && state === 'skipped'),
)
process.exitCode = proved && results.every(({ state }) => state !== 'failed') ? 0 : 1

async function runWireTests(target: string | undefined, websocket: string | undefined): Promise<Result[]> {
  setEnvironment('PETALTAIL_WIRE_TARGET', target)
  setEnvironment('PETALTAIL_WIRE_WEBSOCKET_TARGET', websocket)
  const files = globSync(new URL('../test/wire/**/*.test.ts', import.meta.url).pathname).sort()
  // Another broker is one for all files; ours is new in each.
  const stream = run({ files, concurrency: target === undefined ? 2 : 1, timeout: 60_000 })
  const collected: Result[] = []
  stream.on('test:pass', ({ name, file, skip }) => {
    const skipped = skip !== undefined && skip !== false
    collected.push({
      title: name,
      file: fileName(file),
      state: skipped ? 'skipped' : 'passed',
      why: skipped ? String(skip) : '',
    })
  })
  stream.on('test:fail', ({ name, file, details }) => {
    const why = details.error.cause instanceof Error ? details.error.cause.message : details.error.message
    collected.push({ title: name, file: fileName(file), state: 'failed', why })
  })
  stream.resume()
  await once(stream, 'end')
  return collected
}

function setEnvironment(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

function fileName(file: string | undefined): string {
  return file?.replace(/^.*\/(?=test\/wire\/)/, '') ?? ''
}
