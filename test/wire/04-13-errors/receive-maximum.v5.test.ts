import { test } from 'node:test'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ settings: { receiveMaximum: 2 } })

const publish = (id: number, qos = 2) => v5.publish({ topic: fresh(), qos, id })

test(
  'more QoS 2 messages than Receive Maximum are answered by DISCONNECT 0x93 [MQTT-4.13.1-1] [MQTT §3.3.4]',
  broker.ours,
  async () => {
    const client = await broker.connect(v5)
    client.send(publish(1), publish(2))
    await client.expect('pubrec', { id: 1 })
    await client.expect('pubrec', { id: 2 })
    client.send(publish(3))
    await client.expectDisconnect(0x93)
  },
)

test(
  'a QoS 1 message over Receive Maximum is answered by DISCONNECT 0x93 [MQTT-4.13.1-1] [MQTT §3.3.4]',
  broker.ours,
  async () => {
    const client = await broker.connect(v5)
    client.send(publish(1), publish(2))
    await client.expect('pubrec', { id: 1 })
    await client.expect('pubrec', { id: 2 })
    client.send(publish(3, 1))
    await client.expectDisconnect(0x93)
  },
)

test('QoS 0 messages do not count for Receive Maximum [MQTT-4.9.0-3]', broker.ours, async () => {
  const client = await broker.connect(v5)
  client.send(publish(1), publish(2))
  await client.expect('pubrec', { id: 1 })
  await client.expect('pubrec', { id: 2 })
  for (let round = 0; round < 5; round++) client.send(v5.publish({ topic: fresh() }))
  await client.expectNoMore()
})

test(
  'PUBREL gives room for another QoS 2 message, a QoS 2 message sent again needs none [MQTT-4.9.0-2]',
  broker.ours,
  async () => {
    const client = await broker.connect(v5)
    client.send(publish(1), publish(2))
    await client.expect('pubrec', { id: 1 })
    await client.expect('pubrec', { id: 2 })
    for (let id = 3; id < 20; id++) {
      client.send(v5.pubrel(id - 2))
      await client.expect('pubcomp', { id: id - 2, code: 0 })
      client.send(publish(id))
      await client.expect('pubrec', { id })
    }
    await client.expectNoMore()
  },
)
