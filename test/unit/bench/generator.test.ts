import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { Figures, Job, Load } from '../../../src/cli/bench/load.ts'
import { isOutcome, type Outcome } from '../../../src/cli/bench/messages.ts'
import { FaultyBroker } from './faulty-broker.ts'

const oneEach: Load = {
  kind: 'fanin',
  qos: 0,
  clients: 1,
  window: 1,
  rate: 1_000,
  amount: 0,
  messages: 0,
  payloadBytes: 64,
}

function generate(job: Job): Promise<Outcome> {
  const generator = fork(new URL('../../../src/cli/bench/generator.ts', import.meta.url))
  return new Promise((resolve, reject) => {
    generator.once('message', (message) => {
      if (isOutcome(message)) resolve(message)
      else reject(new Error('no outcome'))
    })
    generator.once('exit', () => reject(new Error('the generator ended without an answer')))
    generator.send(job)
  })
}

async function figuresOf(port: number, load: Load): Promise<Figures> {
  const outcome = await generate({ load, host: '127.0.0.1', port, pids: [], seconds: 0.5, warmup: 0.1 })
  if ('error' in outcome) throw new Error(outcome.error)
  return outcome.figures
}

test('lost, repeated and reordered messages are counted exactly', async () => {
  const broker = new FaultyBroker()
  try {
    const figures = await figuresOf(await broker.listen(), oneEach)
    assert.ok(broker.lost > 10 && broker.repeated > 10 && broker.swapped > 5)
    assert.equal(figures.lost, broker.lost)
    assert.equal(figures.duplicates, broker.repeated)
    assert.equal(figures.reordered, broker.swapped)
  } finally {
    broker.close()
  }
})

test('a broker that stalls is charged for every message it delays, not only for one', async () => {
  const broker = new FaultyBroker()
  try {
    const port = await broker.listen()
    setTimeout(() => block(300), 800).unref()
    const figures = await figuresOf(port, { ...oneEach, clients: 4, rate: 250 })
    assert.ok((figures.longest ?? 0) > 150_000, `longest ${figures.longest}`)
  } finally {
    broker.close()
  }
})

test('a broker that refuses, talks nonsense or closes gives an error and no figures', async () => {
  for (const answer of ['\x20\x02\x00\x05', '\x30\xff\xff\xff\xff\xff', '\xf0\x00', '']) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end(Buffer.from(answer, 'latin1'))
    })
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const outcome = await generate({ load: oneEach, host: '127.0.0.1', port, pids: [], seconds: 0.5, warmup: 0 })
    server.close()
    assert.ok('error' in outcome, JSON.stringify(outcome))
    assert.match(outcome.error, /^connection 0: /)
  }
})

/** Keeps this process, and so the broker in it, busy. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
