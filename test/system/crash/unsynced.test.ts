import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { publish } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Folder } from '../cli-kit.ts'
import { BrokerProcess } from './broker-process.ts'
import { tracing, untraceable } from './strace.ts'

const skip = untraceable

/** Every sync begins so much later, so that the broker can be killed before it. */
const microseconds = 150_000

async function startSlow(folder: string, name: string): Promise<BrokerProcess> {
  const slow = ['-e', `inject=fdatasync,fsync:delay_enter=${microseconds}`]
  return await BrokerProcess.start({ store: join(folder, 'store'), under: [...tracing(join(folder, name)), ...slow] })
}

async function connect(broker: BrokerProcess, clientId: string, clean = false): Promise<WireClient> {
  const client = await WireClient.open({ host: '127.0.0.1', port: broker.port }, v4)
  client.send(v4.connect({ clientId, clean }))
  await client.expect('connack', { code: 0 })
  return client
}

/** Two messages wait for a session; its client comes, gets them, and the broker is killed before it can note that. */
async function killedInTheAct(folder: string, qos: number): Promise<readonly number[]> {
  await using broker = await startSlow(folder, 'first')
  const reader = await connect(broker, 'reader')
  await reader.subscribe({ filter: 'unsynced', qos })
  await reader.disconnect()
  const writer = await connect(broker, 'writer', true)
  for (const payload of ['a', 'b']) await publish(writer, { topic: 'unsynced', qos, payload })
  const back = await connect(broker, 'reader')
  const ids = [await back.expect('publish', { dup: false }), await back.expect('publish', { dup: false })]
  await broker.end('SIGKILL')
  return ids.map(({ id }) => id)
}

test('a QoS 1 message comes with DUP if it may have come before, although that was not synced', { skip }, async () => {
  await using folder = await Folder.open()
  await killedInTheAct(folder.path, 1)
  await using broker = await BrokerProcess.start({ store: join(folder.path, 'store') })
  const reader = await connect(broker, 'reader')
  await reader.expect('publish', { payload: 'a', dup: true })
  await reader.expect('publish', { payload: 'b', dup: true })
})

test('a QoS 1 message comes with DUP if it may have come before a crash before the last', { skip }, async () => {
  await using folder = await Folder.open()
  await killedInTheAct(folder.path, 1)
  const second = await BrokerProcess.start({ store: join(folder.path, 'store') })
  await sleep(300)
  await second.end('SIGKILL')
  await using broker = await BrokerProcess.start({ store: join(folder.path, 'store') })
  const reader = await connect(broker, 'reader')
  await reader.expect('publish', { payload: 'a', dup: true })
  await reader.expect('publish', { payload: 'b', dup: true })
})

test('a QoS 2 message a client has seen comes again under its identifier, however soon the crash [MQTT-4.4.0-1]', {
  skip,
}, async () => {
  await using folder = await Folder.open()
  const ids = await killedInTheAct(folder.path, 2)
  await using broker = await BrokerProcess.start({ store: join(folder.path, 'store') })
  const reader = await connect(broker, 'reader')
  for (const [index, payload] of ['a', 'b'].entries()) {
    const { id } = await reader.expect('publish', { payload, dup: true, qos: 2 })
    assert.equal(id, ids[index])
  }
})
