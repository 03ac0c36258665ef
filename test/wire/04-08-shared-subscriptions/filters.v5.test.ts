import { deepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const invalid: readonly (readonly [string, string])[] = [
  ['$share//t', '[MQTT-4.8.2-1]'],
  ['$share/', '[MQTT-4.8.2-1]'],
  ['$share', '[MQTT-4.8.2-1]'],
  ['$share/g', '[MQTT-4.8.2-2]'],
  ['$share/g/', '[MQTT-4.8.2-2]'],
  ['$share/g+/t', '[MQTT-4.8.2-2]'],
  ['$share/+/t', '[MQTT-4.8.2-2]'],
  ['$share/#/t', '[MQTT-4.8.2-2]'],
  ['$share/g#/t', '[MQTT-4.8.2-2]'],
  ['$share/#', '[MQTT-4.8.2-2]'],
  ['$share/g/a/#/b', '[MQTT-4.8.2-2]'],
  ['$share/g/a+', '[MQTT-4.8.2-2]'],
]
for (const [filter, tag] of invalid) {
  test(`the shared filter ${filter} is refused ${tag}`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.subscribe({ id: 3, filters: [{ filter }] }))
    const packet = await client.next()
    if (packet?.type === 'suback') return deepEqual(packet.codes, [0x8f])
    ok(
      packet?.type === 'disconnect' && [0x81, 0x82, 0x8f].includes(packet.code),
      packet?.type ?? 'closed without DISCONNECT',
    )
    await client.expectClosed()
  })
}

for (const [filter, end] of [
  ['', ''],
  ['/+', '/a'],
  ['/#', '/a/b'],
  ['//', '//'],
]) {
  test(`the shared filter $share/g/topic${filter} is granted, and matches [MQTT-4.8.2-1] [MQTT-4.8.2-2]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter: `$share/g/${topic}${filter}`, qos: 1 })
    const writer = await broker.connect(v5)
    await publish(writer, { topic: `${topic}${end}`, qos: 1, payload: 'x' })
    await receive(reader, { topic: `${topic}${end}`, qos: 1, payload: 'x' })
    await reader.expectNoMore()
  })
}

for (const share of ['g', '$g', 'a b', 'é', 'x'.repeat(200)]) {
  test(`"${share.slice(0, 10)}" is a share name [MQTT-4.8.2-1] [MQTT-4.8.2-2]`, async () => {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(`$share/${share}/${topic}`)
    const writer = await broker.connect(v5)
    await publish(writer, { topic, payload: 'x' })
    await receive(reader, { topic, payload: 'x' })
  })
}

test('a shared filter that begins with a wildcard matches as the plain one does [MQTT-4.8.2-2] [MQTT-4.7.2-1]', async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(`$share/${fresh()}/+/${topic}`)
  const writer = await broker.connect(v5)
  await publish(writer, { topic: `$x/${topic}`, payload: 'dollar' })
  await publish(writer, { topic: `x/${topic}`, payload: 'plain' })
  await receive(reader, { payload: 'plain' })
  await reader.expectNoMore()
})

test('"$share" in a lower or upper case of its own is a plain topic [MQTT-4.7.3-4] [MQTT-4.8.2-1]', async () => {
  const topic = `$Share/g/${fresh()}`
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const writer = await broker.connect(v5)
  await publish(writer, { topic, payload: 'x' })
  await receive(reader, { topic, payload: 'x' })
})
