import { deepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const invalid: readonly (readonly [string, string])[] = [
  ['a#', '[MQTT-4.7.1-1]'],
  ['a/b#', '[MQTT-4.7.1-1]'],
  ['a/#/b', '[MQTT-4.7.1-1]'],
  ['#/b', '[MQTT-4.7.1-1]'],
  ['a/##', '[MQTT-4.7.1-1]'],
  ['#/', '[MQTT-4.7.1-1]'],
  ['#a', '[MQTT-4.7.1-1]'],
  ['a+', '[MQTT-4.7.1-2]'],
  ['+a/b', '[MQTT-4.7.1-2]'],
  ['a/b+/c', '[MQTT-4.7.1-2]'],
  ['a/+b', '[MQTT-4.7.1-2]'],
  ['++', '[MQTT-4.7.1-2]'],
  ['a/++/b', '[MQTT-4.7.1-2]'],
  ['+#', '[MQTT-4.7.1-1] [MQTT-4.7.1-2]'],
  ['a/#+', '[MQTT-4.7.1-1] [MQTT-4.7.1-2]'],
  ['', '[MQTT-4.7.3-1]'],
]
for (const [filter, tag] of invalid) {
  test(`the filter "${filter}" is refused ${tag}`, async () => {
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

test('an empty filter in UNSUBSCRIBE is never found [MQTT-4.7.3-1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.unsubscribe({ id: 3, filters: [''] }))
  const packet = await client.next()
  if (packet?.type === 'unsuback') return ok(packet.codes[0] === 0x8f || packet.codes[0] === 0x11)
  ok(packet?.type === 'disconnect' && [0x81, 0x82, 0x8f].includes(packet.code))
})

const matches: readonly (readonly [filter: string, topics: readonly string[], tag: string])[] = [
  ['a/#', ['a', 'a/b', 'a/b/c', 'a/', 'a//', 'a/b/', 'a/$x'], '[MQTT-4.7.1-1]'],
  ['a/b/#', ['a/b', 'a/b/c', 'a/b/'], '[MQTT-4.7.1-1]'],
  [
    '#',
    ['a', 'b', 'A', 'a/b', 'a/b/c', 'x/b/c', 'a/', 'a//', 'a/b/', '/a', '/', 'a/$x', '/$x', 'aé', 'ae\u0301'],
    '[MQTT-4.7.1-1]',
  ],
  ['+', ['a', 'b', 'A', 'aé', 'ae\u0301'], '[MQTT-4.7.1-2]'],
  ['+/b', ['a/b'], '[MQTT-4.7.1-2]'],
  ['+/+', ['a/b', 'a/', '/a', '/', 'a/$x', '/$x'], '[MQTT-4.7.1-2]'],
  ['/+', ['/a', '/', '/$x'], '[MQTT-4.7.1-2]'],
  ['a/+', ['a/b', 'a/', 'a/$x'], '[MQTT-4.7.1-2]'],
  ['a/+/c', ['a/b/c'], '[MQTT-4.7.1-2]'],
  ['+/b/#', ['a/b', 'a/b/c', 'x/b/c', 'a/b/'], '[MQTT-4.7.1-2] [MQTT-4.7.1-1]'],
  ['+/+/#', ['a/b', 'a/b/c', 'x/b/c', 'a/', 'a//', 'a/b/', '/a', '/', 'a/$x', '/$x'], '[MQTT-4.7.1-2]'],
  ['a/+/#', ['a/b', 'a/b/c', 'a/', 'a//', 'a/b/', 'a/$x'], '[MQTT-4.7.1-2]'],
  ['a', ['a'], '[MQTT-4.7.3-4]'],
  ['A', ['A'], '[MQTT-4.7.3-4]'],
  ['/a', ['/a'], '[MQTT-4.7.3-4]'],
  ['a/', ['a/'], '[MQTT-4.7.3-4]'],
  ['a//', ['a//'], '[MQTT-4.7.3-4]'],
  ['/', ['/'], '[MQTT-4.7.3-4]'],
  ['aé', ['aé'], '[MQTT-4.7.3-4]'],
  ['ae\u0301', ['ae\u0301'], '[MQTT-4.7.3-4]'],
]
const topics = [...new Set(matches.flatMap(([, listed]) => listed))]
for (const [filter, expected, tag] of matches) {
  test(`under a level of its own, ${JSON.stringify(filter)} matches ${expected.length} of ${topics.length} topics ${tag}`, async () => {
    const root = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(`${root}/${filter}`)
    const writer = await broker.connect(v5)
    for (const topic of topics) await publish(writer, { topic: `${root}/${topic}` })
    const packets = await reader.drain()
    const got = packets.map((packet) => (packet.type === 'publish' ? packet.topic.slice(root.length + 1) : packet.type))
    deepEqual(got.sort(), [...expected].sort())
  })
}

for (const filter of ['#', '+', '+/#', '+/a', '+/+']) {
  test(`the filter ${filter} does not match topics that begin with $ [MQTT-4.7.2-1]`, async () => {
    const name = `$${fresh()}`
    const reader = await broker.connect(v5)
    await reader.subscribe({ filter, retainHandling: 2 }, { filter: `${name}/#`, qos: 1 })
    const writer = await broker.connect(v5)
    for (const topic of [name, `${name}/a`]) await publish(writer, { topic, qos: 1, payload: 'dollar' })
    const packets = (await reader.drain()).filter(
      (packet) => packet.type === 'publish' && packet.payload.toString() === 'dollar',
    )
    deepEqual(
      packets.map((packet) => packet.type === 'publish' && packet.topic),
      [name, `${name}/a`],
    )
  })
}

test('the byte order mark is part of a topic [MQTT-4.7.3-4] [MQTT-1.5.4-3]', async () => {
  const root = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: hex`ef bb bf ${Buffer.from(root)}` }, root)
  const writer = await broker.connect(v5)
  await publish(writer, { topic: hex`ef bb bf ${Buffer.from(root)}`, payload: 'marked' })
  await publish(writer, { topic: root, payload: 'plain' })
  await reader.expect('publish', { topic: `\ufeff${root}`, payload: 'marked' })
  await reader.expect('publish', { topic: root, payload: 'plain' })
})
