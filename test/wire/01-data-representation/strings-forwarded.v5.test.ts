import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const texts = {
  'two-byte code points': '\u00a0\u07ff',
  'three-byte code points next to the surrogates': '\ud7ff\ue000\ufffd',
  'four-byte code points up to the last one': '\u{10000}\u{1f600}\u{10fffd}',
  'the zero width no-break space': '\ufeff',
  'a combining sequence, not normalized': 'e\u0301',
}

for (const [kind, text] of Object.entries(texts)) {
  test(`${kind} are taken in every string and forwarded as they came [MQTT-1.5.4-1] [MQTT-1.5.7-1]`, async () => {
    const topic = fresh() + text
    const reader = await broker.connect(v5, { clientId: text + fresh(), username: text })
    await reader.subscribe(topic)
    const writer = await broker.connect(v5)
    const properties = { contentType: text, responseTopic: text, userProperty: [[text, text] as const] }
    writer.send(v5.publish({ topic, payload: 'x', properties }))
    await reader.expect('publish', { topic, payload: 'x', properties })
  })
}

test('strings of 65,535 bytes are forwarded whole [MQTT-1.5.4-1] [MQTT-1.5.7-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  const long = '€'.repeat(21_845)
  const properties = { contentType: long, userProperty: [[long, long] as const] }
  writer.send(v5.publish({ topic, properties }))
  await reader.expect('publish', { topic, properties })
})

test('empty strings are strings too [MQTT-1.5.4-1] [MQTT-1.5.7-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  const properties = { contentType: '', userProperty: [['', ''] as const] }
  writer.send(v5.publish({ topic, properties }))
  await reader.expect('publish', { topic, properties })
})

test('EF BB BF at the start of a topic is a character like any other [MQTT-1.5.4-3]', async () => {
  const plain = fresh()
  const marked = `\ufeff${plain}`
  const [plainReader, markedReader] = [await broker.connect(v5), await broker.connect(v5)]
  await plainReader.subscribe(plain)
  await markedReader.subscribe(marked)
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic: hex`efbbbf ${Buffer.from(plain)}`, payload: 'marked' }))
  await writer.expectNoMore()
  await markedReader.expect('publish', { topic: marked, payload: 'marked' })
  await plainReader.expectNoMore()
  writer.send(v5.publish({ topic: plain, payload: 'plain' }))
  await writer.expectNoMore()
  await plainReader.expect('publish', { topic: plain, payload: 'plain' })
  await markedReader.expectNoMore()
})

test('EF BB BF inside and at the end of a topic stays [MQTT-1.5.4-3]', async () => {
  const name = fresh()
  const topic = `${name}/\ufeffa\ufeff`
  const reader = await broker.connect(v5)
  await reader.subscribe(`${name}/#`)
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic }))
  await reader.expect('publish', { topic })
})

test('client identifiers that differ by EF BB BF are two clients [MQTT-1.5.4-3] [MQTT-3.1.3-2]', async () => {
  const clientId = fresh()
  const plain = await broker.connect(v5, { clientId })
  const marked = await broker.connect(v5, { clientId: `\ufeff${clientId}` })
  await plain.expectNoMore()
  await marked.expectNoMore()
})
