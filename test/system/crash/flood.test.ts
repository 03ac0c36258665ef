import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../../fuzz/random.ts'
import { Folder } from '../cli-kit.ts'
import { BrokerProcess } from './broker-process.ts'
import { FloodPublisher, FloodSubscriber } from './flood.ts'

const seed = Number(process.env.PETALTAIL_CRASH_SEED ?? 20_261_121)
const kills = 8
const topics = ['flood/one', 'flood/two']
const window = 2_000
/** Whoever is away or slow is to miss nothing for want of room. */
const environment = { PETALTAIL_QUEUE_MESSAGES: '100000000', PETALTAIL_QUEUE_BYTES: '1GiB' }

async function until(condition: () => boolean, what: () => string): Promise<void> {
  const begun = performance.now()
  while (!condition()) {
    if (performance.now() - begun > 20_000) assert.fail(what())
    await sleep(20)
  }
}

test('kill -9 in a flood loses nothing acknowledged, be the receivers quick, slow or away', async (t) => {
  const random = new Random(seed)
  await using folder = await Folder.open()
  const store = join(folder.path, 'store')
  const publishers = topics.map((topic) => new FloodPublisher(topic, window))
  // What all have acknowledged before it is written never is: some are quick, one is slow, one is away half of the time.
  const quick = [new FloodSubscriber('quick', topics, 0), new FloodSubscriber('quick-one', [topics[0] ?? ''], 0)]
  const slow = new FloodSubscriber('slow', [topics[1] ?? ''], 30)
  const seldom = new FloodSubscriber('seldom', [topics[0] ?? ''], 0)
  const all = [...quick, slow, seldom]
  const everybody = [...publishers, ...all]
  const missing = (): string[] =>
    all.flatMap(({ complete }, index) =>
      publishers
        .filter(({ topic }) => index === 0 || complete.has(topic))
        .filter(({ topic, acknowledged }) => (complete.get(topic) ?? 0) < acknowledged)
        .map(({ topic, acknowledged }) => `subscriber ${index}: ${complete.get(topic)} of ${acknowledged} of ${topic}`),
    )
  try {
    for (let round = 0; round < kills; round++) {
      await using broker = await BrokerProcess.start({ store, environment })
      for (const subscriber of round % 2 === 0 ? all : [...quick, slow]) await subscriber.begin(broker.port)
      const before = publishers.map(({ acknowledged }) => acknowledged)
      for (const publisher of publishers) await publisher.begin(broker.port)
      await until(
        () => publishers.every(({ acknowledged }, index) => acknowledged > (before[index] ?? 0) + window),
        () => 'nothing is acknowledged',
      )
      await sleep(random.below(300))
      for (const each of everybody) each.end()
      await broker.end('SIGKILL')
    }
    await using broker = await BrokerProcess.start({ store, environment })
    for (const subscriber of all) await subscriber.begin(broker.port)
    await until(
      () => missing().length === 0,
      () => missing().join('\n'),
    )
    t.diagnostic(`acknowledged: ${publishers.map(({ acknowledged }) => acknowledged).join(', ')}`)
    assert.deepEqual(
      all.map(({ skipped }) => skipped),
      all.map(() => 0),
      `PETALTAIL_CRASH_SEED=${seed}`,
    )
  } finally {
    for (const each of everybody) each.end()
  }
})
