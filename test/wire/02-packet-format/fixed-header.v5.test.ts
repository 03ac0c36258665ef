import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

interface Kind {
  readonly header: number
  readonly build: (header: number) => Buffer
}

/** Packets with reserved flags that a client may send, by the first byte they must have. */
const kinds: Record<string, Kind> = {
  PUBACK: { header: 0x40, build: (header) => v5.puback(1, { header }) },
  PUBREC: { header: 0x50, build: (header) => v5.pubrec(1, { header }) },
  PUBREL: { header: 0x62, build: (header) => v5.pubrel(1, { header }) },
  PUBCOMP: { header: 0x70, build: (header) => v5.pubcomp(1, { header }) },
  SUBSCRIBE: { header: 0x82, build: (header) => v5.subscribe({ filters: [fresh()], header }) },
  UNSUBSCRIBE: { header: 0xa2, build: (header) => v5.unsubscribe({ filters: [fresh()], header }) },
  PINGREQ: { header: 0xc0, build: (header) => v5.pingreq({ header }) },
  DISCONNECT: { header: 0xe0, build: (header) => v5.disconnect({ header }) },
}

for (const [name, { header, build }] of Object.entries(kinds)) {
  test(`${name} with other reserved flags is a Malformed Packet [MQTT-2.1.3-1]`, async () => {
    for (let flags = 0; flags < 16; flags++) {
      const wrong = (header & 0xf0) | flags
      if (wrong === header) continue
      const client = await broker.connect(v5)
      client.send(build(wrong))
      await client
        .expectBroken(0x81)
        .catch((error: unknown) => Promise.reject(new Error(`flags ${flags}`, { cause: error })))
    }
  })
}

test('CONNECT with reserved flags is refused [MQTT-2.1.3-1]', async () => {
  for (let flags = 1; flags < 16; flags++) {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), header: 0x10 | flags }))
    await client.expectRefused()
  }
})

test('a DISCONNECT with wrong flags does not take the will back [MQTT-2.1.3-1] [MQTT-3.1.2-8]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const client = await broker.connect(v5, { will: { topic, payload: 'lost' } })
  client.send(v5.disconnect({ header: 0xe1 }))
  await client.expectBroken(0x81)
  await reader.expect('publish', { topic, payload: 'lost' })
})

test('every packet of the server has the flags listed for it [MQTT-2.1.3-1]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  const firsts: number[] = []
  const exchange = async (packet: Buffer, answers: number): Promise<void> => {
    client.send(packet)
    for (let count = 0; count < answers; count++) firsts.push((await client.nextBytes())?.readUInt8(0) ?? 0)
  }
  await exchange(v5.subscribe({ filters: [{ filter: topic, qos: 2, noLocal: false }] }), 1)
  await exchange(v5.publish({ topic: `${topic}/none`, qos: 1, id: 1 }), 1)
  await exchange(v5.publish({ topic: `${topic}/none`, qos: 2, id: 2 }), 1)
  await exchange(v5.pubrel(2), 1)
  await exchange(v5.pingreq(), 1)
  await exchange(v5.unsubscribe({ filters: [topic] }), 1)
  await client.expectNoMore()
  const wanted = [0x90, 0x40, 0x50, 0x70, 0xd0, 0xb0]
  if (firsts.join() !== wanted.join()) throw new Error(`first bytes ${firsts.join()}, not ${wanted.join()}`)
})

test('PUBREL of the server has flags 0010 [MQTT-2.1.3-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, qos: 2, id: 3 }))
  await writer.expect('pubrec', { id: 3 })
  writer.send(v5.pubrel(3))
  await writer.expect('pubcomp', { id: 3 })
  const { id } = await reader.expect('publish', { topic, qos: 2 })
  reader.send(v5.pubrec(id))
  await reader.expectBytes(hex`62 02 00 ${id}`)
})

const notForClients = {
  'type 0': hex`00 00`,
  CONNACK: hex`20 03 00 00 00`,
  SUBACK: hex`90 04 0001 00 00`,
  UNSUBACK: hex`b0 04 0001 00 00`,
  PINGRESP: hex`d0 00`,
}

for (const [name, packet] of Object.entries(notForClients)) {
  test(`${name} from a client ends the connection [MQTT §2.1.2]`, async () => {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectBroken(0x81, 0x82)
  })
}
