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
  persistent: false,
  named: false,
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
  const broker = new FaultyBroker('faulty')
  try {
    const figures = await figuresOf(await broker.listen(), oneEach)
    assert.ok(broker.lost > 0 && broker.repeated > 0 && broker.swapped > 0)
    assert.equal(figures.lost, broker.lost)
    assert.equal(figures.duplicates, broker.repeated)
    assert.equal(figures.reordered, broker.swapped)
  } finally {
    broker.close()
  }
})

test('a stall counts for every message it delays, not only for the first', async () => {
  const broker = new FaultyBroker('stalls')
  try {
    const { lost, p50, longest } = await figuresOf(await broker.listen(), oneEach)
    assert.equal(lost, 0)
    // 300 of the 500 messages measured are due during the stall, evenly.
    assert.ok(p50! > longest! / 50, `median ${p50} µs, longest ${longest} µs`)
  } finally {
    broker.close()
  }
})

test('persistent sessions of subscribers outlive their connections, and are ended when the run is over', async () => {
  const broker = new FaultyBroker('stalls')
  try {
    const pair: Load = { ...oneEach, kind: 'pipe', rate: 0, window: 10, persistent: true }
    const { lost } = await figuresOf(await broker.listen(), pair)
    assert.equal(lost, 0)
    const [subscriber, publisher, again] = broker.connects
    assert.equal(broker.connects.length, 3)
    assert.deepEqual([subscriber?.clean, publisher?.clean, again?.clean], [false, true, true])
    assert.equal(again?.clientId, subscriber?.clientId)
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
