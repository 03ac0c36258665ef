import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

const broker = useTarget({ fakeClock: true })
const lasting = 60

/** Two members of a share, of whom `chosen` was sent a message of this QoS. */
async function chosen(qos: number, sessionExpiryInterval = lasting) {
  const topic = fresh()
  const filter = `$share/g/${topic}`
  const properties = { sessionExpiryInterval }
  const names = [fresh(), fresh()] as const
  const first = await broker.connect(v5, { clientId: names[0], properties })
  const second = await broker.connect(v5, { clientId: names[1], properties })
  for (const client of [first, second]) await client.subscribe({ filter, qos })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos, payload: 'x' })
  const packets = [await first.drain(), await second.drain()]
  const toFirst = packets[0]?.length === 1
  const packet = packets[toFirst ? 0 : 1]?.[0]
  if (packet?.type !== 'publish') throw new Error('no member of the share was sent the message')
  const [client, other] = toFirst ? [first, second] : [second, first]
  return { client, clientId: names[toFirst ? 0 : 1], other, id: packet.id, properties, topic, writer }
}

async function settle(client: WireClient, id: number): Promise<void> {
  client.send(v5.pubrec(id))
  await client.expect('pubrel', { id, code: 0 })
  client.send(v5.pubcomp(id))
  await client.expectNoMore()
}

test('a QoS 2 message stays with the member it was sent to, who gets it on reconnect [MQTT-4.8.2-4]', async () => {
  const { client, clientId, other, id, properties } = await chosen(2)
  await client.end()
  await other.expectNoMore()
  const again = await broker.resume(v5, { clientId, properties })
  await again.expect('publish', { payload: 'x', qos: 2, id, dup: true })
  await settle(again, id)
  await other.expectNoMore()
})

test('a QoS 2 handshake as far as PUBREL goes on with the same member [MQTT-4.8.2-4]', async () => {
  const { client, clientId, other, id, properties } = await chosen(2)
  client.send(v5.pubrec(id))
  await client.expect('pubrel', { id })
  await client.end()
  await other.expectNoMore()
  const again = await broker.resume(v5, { clientId, properties })
  await again.expect('pubrel', { id })
  again.send(v5.pubcomp(id))
  await again.expectNoMore()
  await other.expectNoMore()
})

for (const stage of ['PUBLISH', 'PUBREL']) {
  test(`a QoS 2 message as far as ${stage} goes to no other member when the session ends [MQTT-4.8.2-5]`, async () => {
    const { client, clientId, other, id } = await chosen(2, 1)
    if (stage === 'PUBREL') {
      client.send(v5.pubrec(id))
      await client.expect('pubrel', { id })
    }
    await client.end()
    await broker.elapse(3_500)
    await other.expectNoMore()
    const again = await broker.connect(v5, { clientId, clean: false })
    await again.expectNoMore()
    await other.expectNoMore()
  })
}

test('a QoS 2 message goes to no other member when its own unsubscribes by a clean start [MQTT-4.8.2-5]', async () => {
  const { client, clientId, other } = await chosen(2)
  await client.end()
  const again = await broker.connect(v5, { clientId, clean: true })
  await again.expectNoMore()
  await other.expectNoMore()
})

for (const [name, qos] of [
  ['PUBACK', 1],
  ['PUBREC', 2],
] as const) {
  for (const reason of [0x80, 0x87, 0x97]) {
    test(`${name} 0x${reason.toString(16)} of a member discards the message [MQTT-4.8.2-6]`, async () => {
      const { client, other, id, topic, writer } = await chosen(qos)
      client.send(qos === 1 ? v5.puback(id, { reason }) : v5.pubrec(id, { reason }))
      await client.expectNoMore()
      await other.expectNoMore()
      await client.end()
      await other.expectNoMore()
      await publish(writer, { topic, qos, payload: 'next' })
      await receive(other, { payload: 'next', qos })
    })
  }
}

test(
  'a QoS 1 message a lost member did not acknowledge goes to another member [MQTT §4.8.2]',
  broker.ours,
  async () => {
    const { client, clientId, other, properties } = await chosen(1)
    await client.end()
    await receive(other, { payload: 'x', qos: 1, dup: false })
    const again = await broker.resume(v5, { clientId, properties })
    await again.expectNoMore()
    await other.expectNoMore()
  },
)
