import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { openWebSocket, type WebSocketClient } from '../../kit/websocket-client.ts'

const broker = useTarget({ websocket: true })

async function open(packets = v4, offered?: readonly string[]): Promise<WebSocketClient> {
  const opened = await openWebSocket(broker.websocketUrl, packets, offered)
  broker.track(opened.client)
  return opened
}

async function connected(): Promise<WebSocketClient> {
  const opened = await open()
  opened.client.send(v4.connect({ clientId: fresh() }))
  await opened.client.expect('connack', { code: 0 })
  return opened
}

test(
  'a client that offers mqtt is served, and mqtt is selected [MQTT3-6.0.0-3] [MQTT3-6.0.0-4] [MQTT3-6.0.0-1]',
  broker.websocket,
  async () => {
    const topic = fresh()
    const { socket, client } = await connected()
    assert.equal(socket.protocol, 'mqtt')
    await client.subscribe({ filter: topic, qos: 2 })
    const writer = await broker.connect(v4)
    for (const qos of [0, 1, 2]) {
      await publish(writer, { topic, qos, payload: 'to the web' })
      await receive(client, { topic, qos, payload: 'to the web' })
    }
    const reader = await broker.connect(v4)
    await reader.subscribe(topic)
    client.send(v4.publish({ topic: `${topic}`, payload: 'from the web' }))
    await reader.expect('publish', { payload: 'from the web' })
  },
)

test('mqtt among other offers is selected [MQTT3-6.0.0-3] [MQTT3-6.0.0-4]', broker.websocket, async () => {
  for (const offered of [
    ['chat', 'mqtt'],
    ['mqtt', 'chat'],
    ['mqttv3.1', 'mqtt'],
  ]) {
    const { socket } = await open(v4, offered)
    assert.ok(socket.protocol === 'mqtt' || (offered.includes('mqttv3.1') && socket.protocol === 'mqttv3.1'))
  }
})

test('the name of MQTT 3.1, mqttv3.1, is selected when it alone is offered [MQTT3-6.0.0-4]', broker.ours, async () => {
  const { socket, client } = await open(v3, ['mqttv3.1'])
  assert.equal(socket.protocol, 'mqttv3.1')
  client.send(v3.connect({ clientId: fresh() }))
  await client.expect('connack', { code: 0 })
})

test('mqtt is never selected when it was not offered [MQTT3-6.0.0-3]', broker.websocket, async () => {
  for (const offered of [[], ['chat'], ['MQTT5', 'chat']]) {
    const protocol = await open(v4, offered).then(
      ({ socket }) => socket.protocol,
      () => 'refused',
    )
    assert.notEqual(protocol, 'mqtt')
  }
})

test('several packets in one frame are all processed [MQTT3-6.0.0-2]', broker.websocket, async () => {
  const topic = fresh()
  const { client, frame } = await open()
  const subscribe = v4.subscribe({ filters: [topic] })
  frame(
    Buffer.concat([v4.connect({ clientId: fresh() }), subscribe, v4.pingreq(), v4.publish({ topic, payload: 'x' })]),
  )
  await client.expect('connack', { code: 0 })
  await client.expect('suback')
  await client.expect('pingresp')
  await client.expect('publish', { topic, payload: 'x' })
})

test('a packet split over many frames is one packet [MQTT3-6.0.0-2]', broker.websocket, async () => {
  const { client, frame } = await open()
  for (const byte of v4.connect({ clientId: fresh() })) frame(Buffer.from([byte]))
  await client.expect('connack', { code: 0 })
  await client.expectNoMore()
})

test('a frame may end one packet and begin the next [MQTT3-6.0.0-2]', broker.websocket, async () => {
  const { client, frame } = await connected()
  const bytes = Buffer.concat([v4.publish({ topic: 'a', qos: 1, id: 1 }), v4.publish({ topic: 'b', qos: 1, id: 2 })])
  frame(bytes.subarray(0, 3))
  frame(bytes.subarray(3, 9))
  frame(bytes.subarray(9))
  await client.expect('puback', { id: 1 })
  await client.expect('puback', { id: 2 })
})

test('a message in fragments is processed [MQTT3-6.0.0-2]', broker.websocket, async () => {
  const { client, frame } = await connected()
  const bytes = v4.publish({ topic: 'fragments', qos: 1, id: 3, payload: 'x'.repeat(1_000) })
  frame(bytes.subarray(0, 1), { last: false })
  frame(bytes.subarray(1, 500), { last: false })
  frame(bytes.subarray(500))
  await client.expect('puback', { id: 3 })
})

test('a text frame closes the connection, and the Will is published [MQTT3-6.0.0-1]', broker.websocket, async () => {
  const topic = fresh()
  const watcher = await broker.connect(v4)
  await watcher.subscribe(topic)
  const { client, frame } = await open()
  client.send(v4.connect({ clientId: fresh(), will: { topic, payload: 'gone' } }))
  await client.expect('connack', { code: 0 })
  frame('c0', { binary: false })
  await client.expectClosed()
  await watcher.expect('publish', { payload: 'gone' })
})

test('CONNECT in a text frame is not answered [MQTT3-6.0.0-1]', broker.websocket, async () => {
  const { client, frame } = await open()
  frame(v4.connect({ clientId: fresh() }).toString('latin1'), { binary: false })
  await client.expectClosed()
})

test('large packets go through both ways [MQTT3-6.0.0-2]', broker.websocket, async () => {
  const topic = fresh()
  const { client } = await connected()
  await client.subscribe(topic)
  const payload = Buffer.alloc(300_000, 'web ')
  client.send(v4.publish({ topic, payload }))
  await client.expect('publish', { topic, payload })
})
