// What somebody does who has just cloned the repository: `npm start`, then one message through the broker, then one for
// who is away, which must be there after the broker was killed; last the end by SIGTERM. The port is free rather than 1883
// and the store in a folder of its own, so that it runs beside anything.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

process.chdir(new URL('..', import.meta.url).pathname)
const main = 'src/cli/main.ts'
const message = 'It works'
/** Each process, and when it and all that it started are gone. */
const children = new Map<ChildProcess, Promise<unknown>>()
const deadline = setTimeout(() => fail('nothing for 240 seconds'), 240_000)
const store = mkdtempSync(join(tmpdir(), 'petaltail-first-run-'))
process.on('exit', () => {
  for (const child of children.keys()) signalAll(child, 'SIGKILL')
  rmSync(store, { recursive: true, force: true })
})

const first = startBroker()
const port = await portOf(first)
const subscriber = client(port, 'sub', '-t', 'hello/#', '-C', '1', '-v', '-d')
await reads(subscriber, /received (SUBACK)/)
const delivered = reads(subscriber, /^hello\/world (.*)$/m)
await well(client(port, 'pub', '-t', 'hello/world', '-m', message, '-q', '1'))
if ((await delivered) !== message) fail('another message arrived than was published')
await well(subscriber)

const away = ['-i', 'away', '-c', '-q', '1', '-t', 'hello/later']
await well(client(port, 'sub', ...away, '-E'))
await well(client(port, 'pub', '-t', 'hello/later', '-m', message, '-q', '1'))
signalAll(first, 'SIGKILL')
await ended(first)
const second = startBroker()
const returned = client(await portOf(second), 'sub', ...away, '-C', '1', '-v')
if ((await reads(returned, /^hello\/later (.*)$/m)) !== message) fail('another message was kept than was published')
await well(returned)

// To npm alone, as a supervisor does: the broker must not outlive it.
second.kill('SIGTERM')
await ended(second)
clearTimeout(deadline)
console.log(`npm start, sub, pub, SIGKILL, npm start, sub, SIGTERM: "${message}"`)

function startBroker(): ChildProcess {
  return start('npm', ['start', '--', '--listen', 'mqtt://127.0.0.1:0', '--store', store])
}

function portOf(broker: ChildProcess): Promise<string> {
  return reads(broker, /^ {2}mqtt:\/\/127\.0\.0\.1:(\d+)$/m)
}

function client(at: string, command: 'pub' | 'sub', ...given: readonly string[]): ChildProcess {
  return start(process.execPath, [main, command, '-p', at, ...given])
}

async function well(child: ChildProcess): Promise<void> {
  if ((await ended(child)) !== 0) fail('a client ended with an error')
}

function start(command: string, given: readonly string[]): ChildProcess {
  const child = spawn(command, given, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  children.set(child, once(child, 'close'))
  return child
}

/** Resolves with the first group of the pattern when it is in what the child prints. */
async function reads(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const take = (chunk: Buffer) => {
    text += chunk.toString()
    const found = pattern.exec(text)
    if (found !== null) resolve(found[1] ?? '')
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  child.once('close', (code) => reject(new Error(`ended with ${code} before it printed ${pattern}: ${text}`)))
  return promise
}

async function ended(child: ChildProcess): Promise<number | null> {
  await children.get(child)
  return child.exitCode
}

/** npm starts the broker through a shell: the signal is for all of them, as that of a terminal is. */
function signalAll({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // They are gone.
  }
}

function fail(why: string): never {
  console.error(`first run: ${why}`)
  process.exit(1)
}
