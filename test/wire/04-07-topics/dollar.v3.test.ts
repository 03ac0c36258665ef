import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const filter of ['#', '+/#', '+/R', '+/+', '/#', '+']) {
  test(`${filter} does not match topics that begin with $ [MQTT3-4.7.2-1]`, async () => {
    const root = fresh()
    const reader = await broker.connect(v4)
    await reader.subscribe(filter.replace('R', root))
    await reader.drain()
    const writer = await broker.connect(v4)
    await publish(writer, { topic: `$${root}/${root}`, payload: 'hidden' })
    await publish(writer, { topic: `$${root}`, payload: 'hidden' })
    for (const packet of await reader.drain()) {
      if (packet.type === 'publish' && packet.topic.startsWith('$'))
        throw new Error(`${filter} matched ${packet.topic}`)
    }
  })
}

for (const filter of ['$R/#', '$R/+', '$R/a', '$R/a/#', '$R/+/#']) {
  test(`${filter} matches topics that begin with $ [MQTT3-4.7.2-1]`, async () => {
    const root = fresh()
    const reader = await broker.connect(v4)
    await reader.subscribe(filter.replace('R', root))
    const writer = await broker.connect(v4)
    await publish(writer, { topic: `${root}/a`, payload: 'another' })
    await publish(writer, { topic: `$${root}/a`, payload: 'seen' })
    await reader.expect('publish', { topic: `$${root}/a`, payload: 'seen' })
    await reader.expectNoMore()
  })
}

test('a $ inside a topic is a letter like any other [MQTT3-4.7.2-1]', async () => {
  const root = fresh()
  const reader = await broker.connect(v4)
  await reader.subscribe(`${root}/#`)
  const writer = await broker.connect(v4)
  for (const topic of [`${root}/$SYS`, `${root}/a$`, `${root}/$`]) {
    await publish(writer, { topic, payload: 'x' })
    await reader.expect('publish', { topic })
  }
})

test('retained messages of $ topics are not sent to wildcards at the first level [MQTT3-4.7.2-1]', async () => {
  const root = fresh()
  const writer = await broker.connect(v4)
  await publish(writer, { topic: `$${root}/${root}`, retain: true, payload: 'hidden' })
  for (const filter of ['#', `+/${root}`]) {
    const reader = await broker.connect(v4)
    await reader.subscribe(filter)
    for (const packet of await reader.drain()) {
      if (packet.type === 'publish' && packet.topic.startsWith('$'))
        throw new Error(`${filter} matched ${packet.topic}`)
    }
  }
  const reader = await broker.connect(v4)
  await reader.subscribe(`$${root}/${root}`)
  await reader.expect('publish', { retain: true, payload: 'hidden' })
})
