import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { peers } from '../../../src/cli/bench/brokers.ts'

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
const mosquitto = peers.mosquitto?.() ?? null
const withMosquitto = { skip: mosquitto === null ? 'mosquitto is not installed' : false }

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function bench(args: readonly string[], afterStart: (pid: number) => void = () => {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'bench', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (text) => {
    if (out === '') afterStart(child.pid ?? 0)
    out += String(text)
  })
  child.stderr.on('data', (text) => (err += String(text)))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })))
}

test('every kind of scenario runs against a broker that runs already and loses nothing', withMosquitto, async () => {
  const running = await mosquitto!.start()
  const folder = mkdtempSync(join(tmpdir(), 'petaltail-test-'))
  const json = join(folder, 'out.json')
  try {
    const { host, port, pids } = running
    const target = ['--target', `${host}:${port}`, '--pid', String(pids[0])]
    const inMemory = ['pipe-2', 'fanout-1', 'sparse', 'conn', 'subs', 'retained', 'offline']
    const kinds = [...inMemory, 'durable-offline', 'durable-fanout', 'durable-pipe']
    const options = ['--peers', '', '--smoke', '--seconds', '0.2', '--json', json, '--scenario', ...kinds]
    const { code, out, err } = await bench([...target, ...options])
    assert.equal(code, 0, err)
    for (const kind of kinds) assert.match(out, new RegExp(`^${kind}: `, 'm'))
    assert.match(readFileSync(json, 'utf8'), /"storeCpu": \d/)
  } finally {
    await running.stop()
    rmSync(folder, { recursive: true })
  }
})

test('a mistake in the command line is one line and exit code 2', async () => {
  for (const args of [
    ['--scenario', 'pipes'],
    ['--peers', 'constructor'],
    ['--seconds', '-1'],
    ['--target', 'nowhere'],
  ]) {
    const { code, out, err } = await bench(args)
    assert.equal(code, 2, err)
    assert.equal(out, '')
    assert.match(err, /^petaltail: --\w+: .+\n$/)
  }
})

test('a target that does not answer is one line and exit code 1', async () => {
  const { code, err } = await bench(['--target', '127.0.0.1:1', '--peers', '', '--smoke', '--scenario', 'pipe-0'])
  assert.equal(code, 1)
  assert.match(err, /^petaltail: pipe-0 with target: .+\n$/)
})

test('a baseline that cannot be read is found out before anything is measured', async () => {
  const { code, out, err } = await bench(['--compare', '/nonexistent/baseline.json', '--peers', ''])
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.match(err, /^petaltail: \/nonexistent\/baseline\.json cannot be read: /)
})
