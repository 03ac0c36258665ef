import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('UNSUBACK has one code per filter, in their order [MQTT-3.11.3-1] [MQTT-3.11.3-2]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  const held = Array.from({ length: 100 }, (_, index) => index).filter((index) => index % 3 === 0)
  await client.subscribe(...held.map((index) => `${topic}/${index}`))
  const filters = Array.from({ length: 100 }, (_, index) => `${topic}/${99 - index}`)
  client.send(v5.unsubscribe({ id: 7, filters }))
  const { codes } = await client.expect('unsuback', { id: 7 })
  deepEqual(
    codes,
    filters.map((_, index) => ((99 - index) % 3 === 0 ? 0 : 0x11)),
  )
})

test('UNSUBACK is identifier, properties and codes, and nothing else [MQTT-3.11.3-2]', async () => {
  const topic = fresh()
  const client = await broker.connect(v5)
  await client.subscribe(topic)
  client.send(v5.unsubscribe({ id: 0x0102, filters: [topic, `${topic}/x`] }))
  await client.expectBytes(hex`b0 05 0102 00 00 11`)
})
