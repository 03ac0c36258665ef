import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Folder } from '../cli-kit.ts'
import { BrokerProcess } from './broker-process.ts'
import { Load } from './load.ts'

// PETALTAIL_CRASH_SEED and PETALTAIL_CRASH_KILLS make another run, or a longer one.

const seed = Number(process.env.PETALTAIL_CRASH_SEED ?? 20_261_121)
const kills = Number(process.env.PETALTAIL_CRASH_KILLS ?? 50)

/** Kills the broker so many times under load; resolves with the last one, which runs. */
async function killed(load: Load, store: string, times: number): Promise<BrokerProcess> {
  let broker = await BrokerProcess.start({ store })
  try {
    await load.begin(broker.port)
    for (let round = 1; round <= times; round++) {
      await sleep(100 + load.random.below(400))
      load.down()
      await broker.end('SIGKILL')
      if (round % 10 === 0) await BrokerProcess.killEarly({ store }, 100 + load.random.below(600))
      broker = await BrokerProcess.start({ store })
      await load.back(broker.port)
    }
    await load.finish()
    return broker
  } catch (error) {
    await broker[Symbol.asyncDispose]()
    throw error
  }
}

test(`${kills} times kill -9 under load, and nothing acknowledged is lost, nothing of QoS 2 comes twice, order is kept`, async () => {
  await using folder = await Folder.open()
  const store = join(folder.path, 'store')
  const load = new Load(seed)
  try {
    await using broker = await killed(load, store, kills)
    load.down()
    assert.equal((await broker.end('SIGTERM')).code, 0)
    await using last = await BrokerProcess.start({ store })
    await load.rest(last.port)
    assert.deepEqual(load.ledger.violations, [], `PETALTAIL_CRASH_SEED=${seed}`)
    assert.ok(load.extent.messages > 50 * kills, `only ${load.extent.messages} messages were published`)
    assert.ok(load.extent.sessions > kills, `only ${load.extent.sessions} sessions were made`)
  } finally {
    load.end()
  }
})

test('the same load on a broker that keeps nothing is found out', async () => {
  const load = new Load(seed)
  try {
    await using broker = await killed(load, 'memory', 3)
    assert.ok(broker.port > 0)
    const found = load.ledger.violations.join('\n')
    assert.match(found, /got Session Present 0/)
    assert.match(found, /retains null, not p\d keeps/)
    assert.match(found, /never got p\d \d+, acknowledged after kill \d/)
  } finally {
    load.end()
  }
})
