import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()
const properties = { sessionExpiryInterval: 60 }

for (const qos of [1, 2]) {
  test(`a QoS ${qos} message goes to every session with a matching filter, absent ones too, and to no other [MQTT-4.5.0-1]`, async () => {
    const level = fresh()
    const topic = fresh()
    const filters = [`${topic}/${level}`, `${topic}/+`, `${topic}/#`, `${topic}/${level}/#`, `+/${level}`]
    const absent: string[] = []
    for (const filter of filters) {
      const clientId = fresh()
      const client = await broker.connect(v5, { clientId, properties })
      await client.subscribe({ filter, qos })
      await client.disconnect()
      absent.push(clientId)
    }
    const present = await Promise.all(
      filters.map(async (filter) => {
        const client = await broker.connect(v5)
        await client.subscribe({ filter, qos })
        return client
      }),
    )
    const other = await broker.connect(v5)
    await other.subscribe({ filter: `${topic}/b`, qos }, { filter: topic, qos }, { filter: `${topic}/${level}/+`, qos })
    const writer = await broker.connect(v5)
    await publish(writer, { topic: `${topic}/${level}`, qos, payload: 'x' })
    for (const client of present) {
      await receive(client, { topic: `${topic}/${level}`, payload: 'x', qos })
    }
    await other.expectNoMore()
    for (const clientId of absent) {
      const client = await broker.resume(v5, { clientId, properties })
      await receive(client, { topic: `${topic}/${level}`, payload: 'x', qos, dup: false })
      await client.expectNoMore()
      await client.disconnect({ reason: 0, properties: { sessionExpiryInterval: 0 } })
    }
  })
}

test('the sender gets its own message when it has subscribed [MQTT-4.5.0-1]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(topic)
  client.send(v5.publish({ topic, payload: 'x' }))
  await client.expect('publish', { topic, payload: 'x' })
})
