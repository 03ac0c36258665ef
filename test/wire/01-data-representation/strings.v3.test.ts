import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const illFormed: Record<string, Buffer> = {
  'the first surrogate': hex`61 eda080`,
  'the last surrogate': hex`61 edbfbf`,
  'a pair of surrogates': hex`eda081 edb080`,
  'an overlong NUL': hex`61 c080`,
  'an overlong slash of two bytes': hex`61 c0af`,
  'an overlong slash of three bytes': hex`61 e080af`,
  'an overlong slash of four bytes': hex`61 f08080af`,
  'a truncated sequence of two bytes': hex`61 c3`,
  'a truncated sequence of three bytes': hex`61 e282`,
  'a truncated sequence of four bytes': hex`61 f09f98`,
  'a sequence cut by a letter': hex`e282 61`,
  'a lone continuation byte': hex`61 80`,
  'a code point above U+10FFFF': hex`61 f4908080`,
  'a five-byte lead': hex`61 f888808080`,
  'the byte FF': hex`61 ff`,
}

const connectTags: Record<string, string> = {
  'client identifier': '[MQTT3-3.1.3-4]',
  'Will Topic': '[MQTT3-3.1.3-10]',
  'user name': '[MQTT3-3.1.3-11]',
}

function connectWith(field: string, bytes: Buffer): Buffer {
  if (field === 'client identifier') return v4.connect({ clientId: bytes })
  if (field === 'Will Topic') return v4.connect({ clientId: fresh(), will: { topic: bytes, payload: 'x' } })
  return v4.connect({ clientId: fresh(), username: bytes, password: 'x' })
}

for (const [field, tag] of Object.entries(connectTags)) {
  test(`an ill-formed ${field} in CONNECT closes the connection without CONNACK [MQTT3-1.5.3-1] ${tag}`, async () => {
    for (const bytes of Object.values(illFormed)) {
      const client = await broker.open(v4)
      client.send(connectWith(field, bytes))
      await client.expectClosed()
    }
  })

  test(`U+0000 in the ${field} of CONNECT closes the connection without CONNACK [MQTT3-1.5.3-2]`, async () => {
    for (const bytes of [hex`00`, hex`61 00`, hex`00 61`]) {
      const client = await broker.open(v4)
      client.send(connectWith(field, bytes))
      await client.expectClosed()
    }
  })
}

const laterPackets: Record<string, readonly [tags: string, packet: (bytes: Buffer) => Buffer]> = {
  'topic of PUBLISH': ['[MQTT3-1.5.3-1] [MQTT3-3.3.2-1]', (bytes) => v4.publish({ topic: bytes, payload: 'x' })],
  'filter of SUBSCRIBE': ['[MQTT3-1.5.3-1] [MQTT3-3.8.3-1]', (bytes) => v4.subscribe({ filters: [{ filter: bytes }] })],
  'filter of UNSUBSCRIBE': ['[MQTT3-1.5.3-1] [MQTT3-3.10.3-1]', (bytes) => v4.unsubscribe({ filters: [bytes] })],
}

for (const [field, [tags, packet]] of Object.entries(laterPackets)) {
  test(`an ill-formed ${field} closes the connection ${tags}`, async () => {
    for (const bytes of Object.values(illFormed)) {
      const client = await broker.connect(v4)
      client.send(packet(bytes))
      await client.expectClosed()
    }
  })

  test(`U+0000 in the ${field} closes the connection [MQTT3-1.5.3-2] [MQTT3-4.7.3-2]`, async () => {
    for (const bytes of [hex`00`, hex`61 00`, hex`61 00 62`]) {
      const client = await broker.connect(v4)
      client.send(packet(bytes))
      await client.expectClosed()
    }
  })
}

test('a bad filter behind a good one closes the connection and grants none [MQTT3-1.5.3-1] [MQTT3-3.8.3-1]', async () => {
  const client = await broker.connect(v4)
  client.send(v4.subscribe({ filters: [fresh(), { filter: hex`61 ff` }] }))
  await client.expectClosed()
  const other = await broker.connect(v4)
  other.send(v4.unsubscribe({ filters: [fresh(), hex`61 ff`] }))
  await other.expectClosed()
})

test('sequences of one to four bytes go through unchanged [MQTT3-1.5.3-1] [MQTT3-3.3.2-1]', async () => {
  const topic = `${fresh()}/aé€😀/\u{10fffd}/퟿`
  const reader = await broker.connect(v4)
  await reader.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v4, { clientId: `${fresh()}é€😀`, username: 'é€😀' })
  await publish(writer, { topic, qos: 1, payload: 'x' })
  await receive(reader, { topic, payload: 'x' })
  reader.send(v4.unsubscribe({ id: 9, filters: [topic] }))
  await reader.expect('unsuback', { id: 9 })
  await publish(writer, { topic, qos: 1, payload: 'y' })
  await reader.expectNoMore()
})

test('EF BB BF in a topic is U+FEFF, kept and significant [MQTT3-1.5.3-3]', async () => {
  const plain = fresh()
  const marked = `\ufeff${plain}`
  const reader = await broker.connect(v4)
  await reader.subscribe(marked)
  const other = await broker.connect(v4)
  await other.subscribe(plain)
  const writer = await broker.connect(v4)
  writer.send(hex`30 ${6 + plain.length} 00${3 + plain.length} efbbbf ${Buffer.from(plain)} 78`)
  await writer.expectNoMore()
  await reader.expectBytes(hex`30 ${6 + plain.length} 00${3 + plain.length} efbbbf ${Buffer.from(plain)} 78`)
  await other.expectNoMore()
  await publish(writer, { topic: plain, payload: 'y' })
  await other.expect('publish', { topic: plain })
  await reader.expectNoMore()
})

test('EF BB BF in a client identifier is significant [MQTT3-1.5.3-3]', async () => {
  const clientId = fresh()
  await broker.connect(v4, { clientId: `\ufeff${clientId}`, clean: false })
  const other = await broker.open(v4)
  other.send(v4.connect({ clientId, clean: false }))
  await other.expect('connack', { code: 0, sessionPresent: false })
})
