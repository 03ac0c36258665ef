import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const wildcards = ['#', '+', 'a/#', '+/a', 'a/+/b', 'a#', 'a+b', '/#']

for (const qos of [0, 1, 2]) {
  test(`a wildcard in the Topic Name of a QoS ${qos} PUBLISH is refused, and nothing distributed [MQTT-3.3.2-2]`, async () => {
    const root = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(`${root}/#`)
    for (const wildcard of wildcards) {
      const client = await broker.connect(v5)
      client.send(v5.publish({ topic: `${root}/${wildcard}`, qos, payload: 'x', retain: true }))
      const answer = await client.next()
      if (answer?.type === 'puback' || answer?.type === 'pubrec') {
        if (answer.code < 0x80) throw new Error(`${wildcard} was acknowledged with ${answer.code}`)
      } else if (answer !== null && (answer.type !== 'disconnect' || ![0x81, 0x82, 0x90].includes(answer.code))) {
        throw new Error(`${wildcard} was answered by ${answer.type}`)
      }
    }
    await reader.expectNoMore()
  })
}

test('our answer to a wildcard in the Topic Name is DISCONNECT 0x90 [MQTT-3.3.2-2]', broker.ours, async () => {
  for (const qos of [0, 1, 2]) {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: 'a/#', qos }))
    await client.expectDisconnect(0x90)
  }
})

for (const qos of [0, 1, 2]) {
  test(`an empty Topic Name without alias is a Protocol Error at QoS ${qos} [MQTT-3.3.2-1] [MQTT §3.3.2.1]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.publish({ topic: '', qos, payload: 'x' }))
    await client.expectBroken(0x82)
  })
}

test('PUBLISH without, or with half a Topic Name is a Malformed Packet [MQTT-3.3.2-1]', async () => {
  for (const packet of [hex`30 00`, hex`30 01 00`, hex`30 03 0004 61`, hex`32 02 0000`]) {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectBroken(0x81)
  }
})

const names = ['/', '//', 'a//b', ' ', 'a b', 'A', '$', 'a/$b', 'ünïcödé/€/😀', 'a/b/', '-'.repeat(1_000)]

for (const name of names) {
  test(`the Topic Name ${name.slice(0, 12)} is delivered as it is [MQTT-3.3.2-1] [MQTT-3.3.2-3]`, async () => {
    const topic = `${fresh()}/${name}`
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const writer = await broker.connect(v5)
    await publish(writer, { topic, payload: 'x' })
    await reader.expect('publish', { topic, payload: 'x' })
  })
}

const matches: Record<string, readonly [string, ...string[]][]> = {
  exact: [['a/b', 'a/b']],
  'one level': [
    ['a/+', 'a/b', 'a/'],
    ['+/b', 'a/b', '/b'],
    ['+', 'a', ''],
    ['a/+/c', 'a/b/c', 'a//c'],
  ],
  'many levels': [
    ['#', 'a', 'a/b', '/'],
    ['a/#', 'a', 'a/b', 'a/b/c', 'a/'],
    ['a/+/#', 'a/b', 'a/b/c'],
  ],
}

for (const [kind, lines] of Object.entries(matches)) {
  test(`what is delivered matches the filter: ${kind} [MQTT-3.3.2-3]`, async () => {
    const writer = await broker.connect(v5)
    for (const [filter, ...topics] of lines) {
      const root = fresh()
      const reader = await broker.connect(v5)
      await reader.subscribe(`${root}/${filter}`)
      for (const name of ['a', 'b', 'a/b', 'a/b/c', 'a/', '/b', '', 'a//c', '/', 'b/a', 'A', 'a/b/d', 'aa']) {
        await publish(writer, { topic: `${root}/${name}`, payload: name || '-' })
      }
      const got = (await reader.drain()).map((packet) => (packet.type === 'publish' ? packet.topic : packet.type))
      const wrong = got.filter((topic) => !fits(filter, topic.slice(root.length + 1)))
      const missing = topics.filter((name) => !got.includes(`${root}/${name}`))
      if (wrong.length > 0 || missing.length > 0)
        throw new Error(`${filter}: wrong ${wrong.join()}, missing ${missing.join()}`)
    }
  })
}

function fits(filter: string, topic: string): boolean {
  const [levels, names] = [filter.split('/'), topic.split('/')]
  for (const [index, level] of levels.entries()) {
    if (level === '#') return true
    if (index === names.length) return false
    if (level !== '+' && level !== names[index]) return false
    if (index === levels.length - 2 && levels[index + 1] === '#' && names.length === levels.length - 1) return true
  }
  return levels.length === names.length
}

test('a Topic Name that came by an alias is matched and delivered in full [MQTT-3.3.2-3] [MQTT-3.3.2-12]', async () => {
  const topic = `${fresh()}/a/b`
  const reader = await broker.connect(v5)
  await reader.subscribe({ filter: topic.replace('/a/', '/+/'), qos: 1 })
  const writer = await broker.connect(v5)
  writer.send(v5.publish({ topic, qos: 1, id: 1, payload: '1', properties: { topicAlias: 1 } }))
  writer.send(v5.publish({ topic: '', qos: 1, id: 2, payload: '2', properties: { topicAlias: 1 } }))
  await receive(reader, { topic, payload: '1' })
  await receive(reader, { topic, payload: '2' })
})
