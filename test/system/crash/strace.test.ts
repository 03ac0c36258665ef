import assert from 'node:assert/strict'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { v4 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Folder } from '../cli-kit.ts'
import { BrokerProcess } from './broker-process.ts'
import { isSafe } from './power-cut.ts'
import { slowly, tracing, untraceable } from './strace.ts'
import { readTrace } from './trace.ts'

const skip = untraceable

/** A request, the bytes by which it is known in the store, and what acknowledges it. */
interface Exchange {
  readonly title: string
  readonly request: Buffer
  readonly stored: string
  readonly answer: Buffer
}

const exchanges: readonly Exchange[] = [
  {
    title: 'CONNACK of a new session',
    request: v4.connect({ clientId: 'newsession', clean: false }),
    stored: 'newsession',
    answer: Buffer.from('20020000', 'hex'),
  },
  {
    title: 'SUBACK',
    request: v4.subscribe({ id: 0x5101, filters: [{ filter: 'asked/for', qos: 2 }] }),
    stored: 'asked/for',
    answer: Buffer.from('9003510102', 'hex'),
  },
  {
    title: 'PUBACK',
    request: v4.publish({ topic: 'asked/for', qos: 1, id: 0x5102, payload: 'at least once' }),
    stored: 'at least once',
    answer: v4.puback(0x5102),
  },
  {
    title: 'PUBREC',
    request: v4.publish({ topic: 'asked/for', qos: 2, id: 0x5103, payload: 'exactly once' }),
    stored: 'exactly once',
    answer: v4.pubrec(0x5103),
  },
  {
    title: 'PUBACK of a retained message nobody subscribes to',
    request: v4.publish({ topic: 'kept', qos: 1, id: 0x5104, payload: 'for later', retain: true }),
    stored: 'for later',
    answer: v4.puback(0x5104),
  },
]

/** Has one client make all exchanges with a broker on this store while strace writes the file. */
async function converse(store: string, file: string): Promise<void> {
  const broker = await BrokerProcess.start({ store, under: [...tracing(file), ...slowly] })
  try {
    const client = await WireClient.open({ host: '127.0.0.1', port: broker.port }, v4)
    const [connect, subscribe, ...publishes] = exchanges
    for (const { request, answer } of [connect, subscribe]) {
      client.send(request)
      await client.expectBytes(answer)
    }
    await client.end()
    const writer = await WireClient.open({ host: '127.0.0.1', port: broker.port }, v4)
    writer.send(v4.connect({ clientId: 'writer', clean: true }))
    await writer.expect('connack')
    for (const { request, answer } of publishes) {
      writer.send(request)
      await writer.expectBytes(answer)
    }
    writer.send(v4.pubrel(0x5103))
    await writer.expectBytes(v4.pubcomp(0x5103))
    writer.destroy()
  } finally {
    await broker.end('SIGKILL')
  }
}

test('the disk has it before the acknowledgement is written', { skip }, async (t) => {
  await using folder = await Folder.open()
  const [store, file] = [join(await realpath(folder.path), 'store'), join(folder.path, 'trace')]
  await converse(store, file)
  const events = await readTrace(file, store)
  for (const { title, request, stored, answer } of exchanges) {
    await t.test(`${title} follows the sync`, () => {
      const asked = events.findIndex((event) => event.kind === 'received' && event.bytes.includes(request))
      const answered = events.findIndex(
        (event, at) => at > asked && event.kind === 'sent' && event.bytes.includes(answer),
      )
      assert.ok(asked >= 0 && answered > asked)
      const line = events[answered]?.begun ?? 0
      const between = events.slice(asked, answered)
      const writes = between.filter((event) => event.kind === 'write')
      assert.ok(
        writes.some(({ bytes }) => bytes.includes(stored)),
        'it is not written to the store before',
      )
      for (const write of writes) assert.ok(isSafe(write, between, line), `not synced: ${write.bytes.length} bytes`)
    })
  }
})

test('a broker that keeps nothing syncs nothing, and acknowledges all the same', { skip }, async () => {
  await using folder = await Folder.open()
  const file = join(folder.path, 'trace')
  await converse('memory', file)
  const events = await readTrace(file, '')
  const acknowledged = events.some((event) => event.kind === 'sent' && event.bytes.includes(v4.puback(0x5102)))
  const kept = events.filter(({ kind }) => kind === 'sync' || kind === 'write')
  assert.deepEqual([acknowledged, kept], [true, []])
})
