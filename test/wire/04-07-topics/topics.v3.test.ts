import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const hash: readonly string[] = ['a#', 'a/#/b', '#/a', '#/', '##', 'a/##', 'a/b#', '/#a', 'a/#b', '#+', '+#']
const plus: readonly string[] = ['a+', '+a', '+a/b', 'a/b+', 'a/+b/c', '++', 'a/++/b', '/a+/']

for (const filter of [...hash, ...plus]) {
  const tag = hash.includes(filter) ? '[MQTT3-4.7.1-2]' : '[MQTT3-4.7.1-3]'
  test(`SUBSCRIBE to ${filter} closes the connection ${tag}`, async () => {
    for (const packets of [v3, v4]) {
      const client = await broker.connect(packets)
      client.send(packets.subscribe({ filters: ['good', filter] }))
      await client.expectClosed()
    }
  })
}

test('UNSUBSCRIBE from an ill-placed wildcard closes the connection [MQTT3-4.7.1-2] [MQTT3-4.7.1-3]', async () => {
  for (const filter of ['a#', 'a+', '#/a', 'a/#/b', '+a']) {
    const client = await broker.connect(v4)
    client.send(v4.unsubscribe({ filters: [filter] }))
    await client.expectClosed()
  }
})

test('an empty filter closes the connection [MQTT3-4.7.3-1]', async () => {
  for (const packets of [v3, v4]) {
    for (const filters of [[''], ['a', ''], ['', 'a']]) {
      const client = await broker.connect(packets)
      client.send(packets.subscribe({ filters }))
      await client.expectClosed()
      const other = await broker.connect(packets)
      other.send(packets.unsubscribe({ filters }))
      await other.expectClosed()
    }
  }
})

// Filter, the topics it matches, the topics it does not; R stands for a level of the test's own.
const matches: readonly (readonly [filter: string, yes: readonly string[], no: readonly string[]])[] = [
  ['R/#', ['R', 'R/', 'R/a', 'R/a/b', 'R//'], ['Ra', '/R', 'a/R']],
  ['R/a/#', ['R/a', 'R/a/', 'R/a/b/c'], ['R', 'R/ab', 'R/b']],
  ['R/+', ['R/', 'R/a', 'R/ '], ['R', 'R/a/b', 'R//', '/R/a']],
  ['R/+/c', ['R/a/c', 'R//c'], ['R/c', 'R/a/b/c', 'R/a/c/', 'R/a/C']],
  ['+/R', ['/R', 'a/R', ' /R'], ['R', 'a/b/R', 'R/a']],
  ['+/+/R', ['//R', 'a/b/R'], ['/R', 'a/R', 'a/b/c/R']],
  ['/R', ['/R'], ['R', '//R', '/R/']],
  ['R/', ['R/'], ['R', 'R//', 'R/a']],
  ['R', ['R'], ['/R', 'R/', 'R ', ' R']],
  ['R/+/+', ['R//', 'R/a/b', 'R/a/'], ['R/a', 'R/', 'R/a/b/c']],
  ['R/+/#', ['R/', 'R/a', 'R/a/b', 'R//'], ['R']],
  ['+/R/#', ['/R', 'a/R', 'a/R/b/c'], ['R', 'R/R2', 'a/b/R']],
]

for (const [filter, yes, no] of matches) {
  test(`${filter} matches what it should and nothing else [MQTT3-4.7.1-2] [MQTT3-4.7.1-3] [MQTT3-3.3.2-3]`, async () => {
    const root = fresh()
    const own = (text: string): string => text.replaceAll('R', root)
    const reader = await broker.connect(v4)
    await reader.subscribe(own(filter))
    const writer = await broker.connect(v4)
    for (const topic of yes) {
      await publish(writer, { topic: own(topic), payload: 'x' })
      await reader.expect('publish', { topic: own(topic), payload: 'x' })
    }
    for (const topic of no) await publish(writer, { topic: own(topic), payload: 'x' })
    await reader.expectNoMore()
  })
}

const distinct: Record<string, readonly [string, string]> = {
  'letter case': ['Accounts', 'accounts'],
  'composed and decomposed letters': ['Å', 'A\u030a'],
  'a space at the end': ['a', 'a '],
  'a slash at the end': ['a', 'a/'],
  'an empty level': ['a/b', 'a//b'],
  'compatibility forms': ['ﬁ', 'fi'],
  'dots as in a path': ['a/b', 'a/./b'],
  'percent signs': ['a/b', 'a%2fb'],
}

for (const [name, [one, other]] of Object.entries(distinct)) {
  test(`${name} makes another topic [MQTT3-4.7.3-4]`, async () => {
    const root = fresh()
    const reader = await broker.connect(v4)
    await reader.subscribe(`${root}/${one}`)
    const writer = await broker.connect(v4)
    await publish(writer, { topic: `${root}/${other}`, payload: 'x' })
    await reader.expectNoMore()
    await publish(writer, { topic: `${root}/${one}`, payload: 'y' })
    await reader.expect('publish', { topic: `${root}/${one}`, payload: 'y' })
    await reader.subscribe(`${root}/${other}`)
    await publish(writer, { topic: `${root}/${other}`, payload: 'z' })
    await reader.expect('publish', { topic: `${root}/${other}`, payload: 'z' })
  })
}

test('a topic as long as the limit of 4,096 bytes goes through [MQTT3 §4.7.3]', async () => {
  const root = fresh()
  const topic = `${root}/${'x'.repeat(4_096 - root.length - 1)}`
  const reader = await broker.connect(v4)
  await reader.subscribe(topic)
  const writer = await broker.connect(v4)
  await publish(writer, { topic, payload: 'x' })
  await reader.expect('publish', { topic })
})
