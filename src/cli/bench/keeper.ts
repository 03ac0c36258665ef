/**
 * Keeps one broker: starts it, passes on what it prints, and ends it with everything it left when the channel to the
 * parent closes. That happens on purpose, on Ctrl-C, and when the parent is killed: no broker is ever left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { isCharge, type News } from './keeper-messages.ts'

const patience = 5_000

process.on('SIGINT', () => {})
process.once('message', (charge: unknown) => {
  if (!isCharge(charge)) throw new TypeError('the keeper needs something to start')
  const folder = mkdtempSync(join(tmpdir(), 'petaltail-bench-'))
  const placed = (text: string): string => text.replaceAll('{folder}', folder)
  for (const [name, content] of Object.entries(charge.files)) writeFileSync(join(folder, name), placed(content))
  const broker = spawn(charge.command, charge.args.map(placed), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: plainEnvironment(),
  })
  for (const output of [broker.stdout, broker.stderr]) {
    createInterface(output).on('line', (line) => tell({ kind: 'line', line }))
  }
  broker.once('spawn', () => tell({ kind: 'started', pid: broker.pid ?? 0 }))
  broker.once('error', (error) => end({ kind: 'ended', why: error.message }, folder))
  broker.once('exit', (code, signal) =>
    end({ kind: 'ended', why: `it ended with ${signal ?? `code ${code}`}` }, folder),
  )
  for (const event of ['disconnect', 'SIGTERM'] as const) process.once(event, () => stop(broker))
})

function stop(broker: ChildProcess): void {
  broker.kill('SIGTERM')
  setTimeout(() => broker.kill('SIGKILL'), patience).unref()
}

function end(news: News, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  if (!process.connected) process.exit(0)
  process.send?.(news, () => process.exit(0))
}

function tell(news: News): void {
  if (process.connected) process.send?.(news)
}

/** The broker under test is configured by its file alone. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PETALTAIL_')))
}
