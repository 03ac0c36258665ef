import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, type Target, useTarget } from '../../kit/target.ts'

const brokers = [useTarget({ settings: { maximumQos: 0 } }), useTarget({ settings: { maximumQos: 1 } })]

brokers.forEach((broker, maximumQos) => {
  limits(broker, maximumQos)
})

function limits(broker: Target, maximumQos: number): void {
  test(`CONNACK says Maximum QoS ${maximumQos} [MQTT-3.2.2-9]`, broker.ours, async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh() }))
    await client.expect('connack', { code: 0, properties: { maximumQos } })
  })

  test(
    `SUBSCRIBE with any QoS is accepted with Maximum QoS ${maximumQos}, and served [MQTT-3.2.2-10]`,
    broker.ours,
    async () => {
      const reader = await broker.connect(v5)
      const writer = await broker.connect(v5)
      for (const qos of [0, 1, 2]) {
        const topic = fresh()
        reader.send(v5.subscribe({ id: 1, filters: [{ filter: topic, qos }] }))
        const { codes } = await reader.expect('suback', { id: 1 })
        if (!(codes[0] !== undefined && codes[0] <= qos)) throw new Error(`QoS ${qos} was answered by ${codes[0]}`)
        await publish(writer, { topic, payload: 'x' })
        await reader.expect('publish', { topic, payload: 'x', qos: 0 })
      }
    },
  )

  test(
    `publishing above Maximum QoS ${maximumQos} is answered by DISCONNECT 0x9B and not distributed [MQTT-3.2.2-11] [MQTT §3.3.4]`,
    broker.ours,
    async () => {
      const topic = fresh()
      const reader = await broker.connect(v5)
      await reader.subscribe(topic)
      for (let qos = maximumQos + 1; qos <= 2; qos++) {
        const client = await broker.connect(v5)
        client.send(v5.publish({ topic, qos, payload: 'x', retain: true }))
        await client.expectDisconnect(0x9b)
      }
      await reader.expectNoMore()
    },
  )

  test(`publishing up to Maximum QoS ${maximumQos} is served [MQTT-3.2.2-11]`, broker.ours, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await broker.connect(v5)
    for (let qos = 0; qos <= maximumQos; qos++) {
      await publish(client, { topic, qos, payload: `${qos}` })
      await reader.expect('publish', { topic, payload: `${qos}` })
    }
  })

  test(
    `a Will above Maximum QoS ${maximumQos} is refused with 0x9B, one up to it accepted [MQTT-3.2.2-12]`,
    broker.ours,
    async () => {
      for (let qos = 0; qos <= 2; qos++) {
        const client = await broker.open(v5)
        client.send(v5.connect({ clientId: fresh(), will: { topic: fresh(), qos } }))
        if (qos <= maximumQos) await client.expect('connack', { code: 0 })
        else await client.expectRefused(0x9b)
      }
    },
  )
}
