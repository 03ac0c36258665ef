import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const published of [0, 1, 2]) {
  test(`a message of QoS ${published} goes to a QoS 0 subscription with QoS 0, DUP 0 and no identifier [MQTT-4.3.1-1]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter: topic, qos: 0 })
    const writer = await broker.connect(v5)
    await publish(writer, { topic, qos: published, payload: 'x' })
    const body = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from([0]), Buffer.from('x')])
    await reader.expectBytes(Buffer.concat([Buffer.from([0x30, body.length]), body]))
    await reader.expectNoMore()
  })
}

test('a QoS 1 message sent with DUP goes on with DUP 0 [MQTT-4.3.1-1] [MQTT-4.3.2-2]', async () => {
  const topic = fresh()
  const first = await broker.connect(v5)
  await first.subscribe({ filter: topic, qos: 0 })
  const second = await broker.connect(v5)
  await second.subscribe({ filter: topic, qos: 1 })
  const writer = await broker.connect(v5)
  await publish(writer, { topic, qos: 1, dup: true, payload: 'x' })
  await first.expect('publish', { qos: 0, dup: false })
  await second.expect('publish', { qos: 1, dup: false })
})
