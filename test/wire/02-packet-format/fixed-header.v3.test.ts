import { test } from 'node:test'
import { hex, varint } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('every packet of the server has its reserved flags [MQTT3-2.2.2-1]', async () => {
  const topic = fresh()
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: fresh() }))
  await client.expectBytes(hex`20 02 00 00`)
  client.send(v4.subscribe({ id: 1, filters: [{ filter: topic, qos: 2 }] }))
  await client.expectBytes(hex`90 03 0001 02`)
  client.send(v4.unsubscribe({ id: 2, filters: ['another'] }))
  await client.expectBytes(hex`b0 02 0002`)
  client.send(v4.pingreq())
  await client.expectBytes(hex`d0 00`)

  const writer = await broker.connect(v4)
  writer.send(v4.publish({ topic, qos: 1, id: 3 }))
  await writer.expectBytes(hex`40 02 0003`)
  client.send(v4.puback((await client.expect('publish', { qos: 1, dup: false })).id))
  writer.send(v4.publish({ topic, qos: 2, id: 4 }))
  await writer.expectBytes(hex`50 02 0004`)
  writer.send(v4.pubrel(4))
  await writer.expectBytes(hex`70 02 0004`)
  const { id } = await client.expect('publish', { qos: 2, dup: false })
  client.send(v4.pubrec(id))
  await client.expectBytes(hex`62 02 00 ${id}`)
})

const clientPackets: Record<string, readonly [good: number, tags: string, packet: (header: number) => Buffer]> = {
  PUBACK: [0x40, '', (header) => v4.puback(1, { header })],
  PUBREC: [0x50, '', (header) => v4.pubrec(1, { header })],
  PUBREL: [0x62, '[MQTT3-3.6.1-1]', (header) => v4.pubrel(1, { header })],
  PUBCOMP: [0x70, '', (header) => v4.pubcomp(1, { header })],
  SUBSCRIBE: [0x82, '[MQTT3-3.8.1-1]', (header) => v4.subscribe({ header, filters: ['a'] })],
  UNSUBSCRIBE: [0xa2, '[MQTT3-3.10.1-1]', (header) => v4.unsubscribe({ header, filters: ['a'] })],
  PINGREQ: [0xc0, '', (header) => v4.pingreq({ header })],
  DISCONNECT: [0xe0, '[MQTT3-3.14.1-1]', (header) => v4.disconnect({ header })],
}

for (const [name, [good, tags, packet]] of Object.entries(clientPackets)) {
  test(`${name} with any other flags closes the connection, and the Will is published [MQTT3-2.2.2-2] ${tags}`, async () => {
    const topic = fresh()
    const watcher = await broker.connect(v4)
    await watcher.subscribe(topic)
    for (let flags = 0; flags < 16; flags++) {
      const header = (good & 0xf0) | flags
      if (header === good) continue
      const client = await broker.connect(v4, { will: { topic, payload: String(flags) } })
      client.send(packet(header))
      await client.expectClosed()
      await watcher.expect('publish', { topic, payload: String(flags) })
    }
  })
}

test('PUBREL, SUBSCRIBE and UNSUBSCRIBE with flags 0010 are accepted [MQTT3-3.6.1-1] [MQTT3-3.8.1-1] [MQTT3-3.10.1-1]', async () => {
  const topic = fresh()
  const client = await broker.connect(v4)
  client.send(v4.subscribe({ id: 1, filters: [topic] }))
  await client.expect('suback', { id: 1, codes: [0] })
  client.send(v4.unsubscribe({ id: 2, filters: [topic] }))
  await client.expect('unsuback', { id: 2 })
  await publish(client, { topic, qos: 2, id: 3 })
})

test('CONNECT with any flags closes the connection without CONNACK [MQTT3-2.2.2-2]', async () => {
  for (let flags = 1; flags < 16; flags++) {
    const client = await broker.open(v4)
    client.send(v4.connect({ clientId: fresh(), header: 0x10 | flags }))
    await client.expectClosed()
  }
})

test('packet types 0 and 15 and those of a server close the connection [MQTT3-4.8.0-1] [MQTT3 §2.2.1]', async () => {
  const packets = [hex`00 00`, hex`f0 00`, hex`20 02 0000`, hex`90 03 0001 00`, hex`b0 02 0001`, hex`d0 00`]
  for (const packet of packets) {
    const client = await broker.connect(v4)
    client.send(packet)
    await client.expectClosed()
  }
})

test('a Remaining Length of five bytes closes the connection [MQTT3 §2.2.3]', async () => {
  for (const bytes of [hex`30 ff ff ff ff 01`, hex`30 80 80 80 80 00`, hex`82 ff ff ff ff ff`]) {
    const client = await broker.connect(v4)
    client.send(bytes)
    await client.expectClosed()
    const stranger = await broker.open(v4)
    stranger.send(hex`10 ${bytes.subarray(1)}`)
    await stranger.expectClosed()
  }
})

test('packets on both sides of each size of the Remaining Length go through [MQTT3 §2.2.3]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(topic)
  const writer = await broker.connect(v4)
  for (const length of [127, 128, 16_383, 16_384, 1_000_000]) {
    const payload = Buffer.alloc(length - 2 - topic.length, 'p')
    await publish(writer, { topic, payload })
    await reader.expectBytes(hex`30 ${varint(length)} 00 ${topic.length} ${Buffer.from(topic)} ${payload}`)
  }
})

test('a packet may arrive a byte at a time, or many in one piece [MQTT3-7.1.1-1]', async () => {
  const topic = fresh()
  const client = await broker.open(v4)
  const first = v4.connect({ clientId: fresh() })
  for (const byte of first) {
    client.send(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await client.expect('connack', { code: 0 })
  const filters = [{ filter: topic, qos: 2 }]
  client.send(v4.subscribe({ filters }), v4.publish({ topic, payload: 'a' }), v4.publish({ topic, qos: 1, id: 5 }))
  await client.expect('suback', { codes: [2] })
  const packets = [await client.next(), await client.next(), await client.next()]
  const publishes = packets.filter((packet) => packet?.type === 'publish')
  if (publishes.length !== 2) throw new Error('two PUBLISH and a PUBACK expected')
})

const wrongLengths: Record<string, Buffer> = {
  'PUBACK without an identifier': hex`40 00`,
  'PUBACK with half an identifier': hex`40 01 00`,
  'PUBACK with a surplus byte': hex`40 03 0001 00`,
  'PUBREC with a surplus byte': hex`50 03 0001 00`,
  'PUBREL with a surplus byte': hex`62 03 0001 00`,
  'PUBCOMP with half an identifier': hex`70 01 00`,
  'PINGREQ with a body': hex`c0 01 00`,
  'DISCONNECT with a body': hex`e0 01 00`,
  'PUBLISH shorter than its topic': hex`30 04 0005 61 62`,
  'PUBLISH without a topic length': hex`30 01 00`,
  'PUBLISH at QoS 1 without an identifier': hex`32 03 0001 61`,
  'PUBLISH at QoS 1 with half an identifier': hex`32 04 0001 61 00`,
  'SUBSCRIBE without an identifier': hex`82 00`,
  'SUBSCRIBE shorter than its filter': hex`82 06 0001 0003 61 62`,
  'SUBSCRIBE without the QoS byte': hex`82 05 0001 0001 61`,
  'UNSUBSCRIBE shorter than its filter': hex`a2 06 0001 0003 61 62`,
}

for (const [name, bytes] of Object.entries(wrongLengths)) {
  test(`${name} closes the connection [MQTT3-4.8.0-1]`, async () => {
    const client = await broker.connect(v4)
    client.send(bytes)
    await client.expectClosed()
  })
}

test('a malformed packet harms no other client [MQTT3-4.8.0-1]', async () => {
  const topic = fresh()
  const other = await broker.connect(v4)
  await other.subscribe({ filter: topic, qos: 1 })
  const client = await broker.connect(v4)
  client.send(v4.publish({ topic, qos: 1, payload: 'before' }), v4.publish({ topic, qos: 3 }), v4.publish({ topic }))
  await client.expect('puback')
  await client.expectClosed()
  await receive(other, { payload: 'before' })
  await other.expectNoMore()
})
