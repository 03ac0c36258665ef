import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { publish } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const packets of [v3, v4]) {
  test(`the server closes the connection after DISCONNECT, without an answer (level ${packets.version}) [MQTT3-3.14.4-3] [MQTT3 §3.14.4]`, async () => {
    const topic = fresh()
    const watcher = await broker.connect(packets)
    await watcher.subscribe(topic)
    const client = await broker.connect(packets, { will: { topic, payload: 'gone' } })
    client.send(hex`e0 00`)
    await client.expectClosed()
    await watcher.expectNoMore()
  })
}

test('a DISCONNECT with reserved flags is no DISCONNECT: closed, and the Will is published [MQTT3-3.14.1-1]', async () => {
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(topic)
  for (const header of [0xe1, 0xe2, 0xe4, 0xe8, 0xef]) {
    const client = await broker.connect(v4, { will: { topic, payload: 'gone' } })
    client.send(v4.disconnect({ header }))
    await client.expectClosed()
    await watcher.expect('publish', { topic, payload: 'gone' })
  }
})

test('what is sent behind DISCONNECT has no effect [MQTT3-3.14.4-2]', async () => {
  const topic = fresh()
  const clientId = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(`${topic}/#`)
  const client = await broker.connect(v4, { clientId, clean: false })
  const late = v4.publish({ topic, qos: 1, retain: true, payload: 'too late' })
  client.send(v4.disconnect(), late, v4.subscribe({ filters: [`${topic}/late`] }), v4.pingreq())
  await client.expectClosed()
  await watcher.expectNoMore()
  const again = await broker.resume(v4, { clientId })
  await publish(again, { topic: `${topic}/late`, payload: 'x' })
  await watcher.expect('publish', { topic: `${topic}/late` })
  await again.expectNoMore()
})

test('what was sent before DISCONNECT takes effect [MQTT3-3.14.4-3]', async () => {
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(topic)
  const client = await broker.open(v4)
  client.send(v4.connect({ clientId: fresh() }), v4.publish({ topic, payload: 'last word' }), v4.disconnect())
  await client.expect('connack', { code: 0 })
  await client.expectClosed()
  await watcher.expect('publish', { topic, payload: 'last word' })
})
