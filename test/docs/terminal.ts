import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Workplace } from './workplace.ts'

const patience = 120_000

/** One terminal of a reader: a script in a shell, and what it printed. */
export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<number | null>
  #output = ''
  over = false

  constructor(script: string, { path, commands }: Workplace) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(PETALTAIL_|MQTT_|NODE_TEST_)/.test(name))
    this.#child = spawn('bash', ['-c', script], {
      cwd: path,
      env: { ...Object.fromEntries(inherited), PATH: `${commands}${delimiter}${process.env.PATH}` },
      // A group of its own, so that what the script started ends with it.
      detached: true,
    })
    this.#child.stdin.end()
    const take = (chunk: Buffer) => (this.#output += chunk.toString())
    this.#child.stdout.on('data', take)
    this.#child.stderr.on('data', take)
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code) => {
        this.over = true
        resolve(code)
      })
    })
  }

  /** Waits for the end; what was printed. `fails` is null where it may fail and need not. */
  async finish(fails: boolean | null): Promise<string> {
    const code = await Promise.race([this.#ended, delay(patience, 'late' as const, { ref: false })])
    assert.notEqual(code, 'late', `does not end: ${this.#output}`)
    if (fails !== null) assert.equal(code !== 0, fails, `exit code ${code}: ${this.#output}`)
    return this.#take()
  }

  /** Waits until what was printed since the last call is as expected. */
  async shows(expected: RegExp): Promise<void> {
    await until(() => expected.test(this.#output) || this.over)
    await delay(20)
    assert.match(this.#take(), expected)
  }

  /** Waits until it has printed a text. */
  async prints(text: string): Promise<void> {
    await until(() => this.#output.includes(text) || this.over)
    assert.ok(this.#output.includes(text), this.#output)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.over && this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL')
    await this.#ended
  }

  #take(): string {
    const text = this.#output
    this.#output = ''
    return text
  }
}

/** Waits for a condition, or until it is too late for it. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + patience
  while (!condition() && performance.now() < end) await delay(5)
}

/** What a reader is shown: `…` stands for what differs from time to time, alone in a line for any number of lines. */
export function shownAs(text: string): RegExp {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '…' ? '(?:.*\n)*' : `${line.split('…').map(literally).join('.*')}\n`))
  const [last = ''] = lines.splice(-1)
  return new RegExp(`^${lines.join('')}${last.endsWith('*') ? `${last}.*` : last.trimEnd()}\\s*$`)
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
