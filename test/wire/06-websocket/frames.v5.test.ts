import { equal, notEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { publish, receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { openWebSocket, type WebSocketClient } from '../../kit/websocket-client.ts'

const broker = useTarget({ websocket: true })

async function open(offered?: readonly string[]): Promise<WebSocketClient> {
  const opened = await openWebSocket(broker.websocketUrl, v5, offered)
  broker.track(opened.client)
  return opened
}

async function connected(): Promise<WebSocketClient> {
  const opened = await open()
  opened.client.send(v5.connect({ clientId: fresh() }))
  await opened.client.expect('connack', { code: 0 })
  return opened
}

test('packets go both ways in binary frames [MQTT-6.0.0-1]', broker.websocket, async () => {
  const topic = fresh()
  const { socket, client } = await connected()
  const kinds = new Set<boolean>()
  socket.on('message', (_data, binary) => kinds.add(binary))
  await client.subscribe({ filter: topic, qos: 2 })
  const writer = await broker.connect(v5)
  for (const qos of [0, 1, 2]) {
    await publish(writer, { topic, qos, payload: 'x' })
    await receive(client, { topic, qos, payload: 'x' })
  }
  const reader = await broker.connect(v5)
  await reader.subscribe(`${topic}/back`)
  await publish(client, { topic: `${topic}/back`, qos: 1, payload: 'y' })
  await receive(reader, { payload: 'y' })
  equal(kinds.has(false), false)
})

test('a text frame instead of CONNECT ends the connection [MQTT-6.0.0-1]', broker.websocket, async () => {
  const { client, frame } = await open()
  frame(v5.connect({ clientId: 'a' }).toString('latin1'), { binary: false })
  await client.expectRefused()
})

test('a text frame ends the connection, and is not processed [MQTT-6.0.0-1]', broker.websocket, async () => {
  const { client, frame } = await connected()
  frame('0\u0005\u0000\u0001a\u0000x', { binary: false })
  const packet = await client.next()
  if (packet === null) return
  ok(packet.type === 'disconnect' && packet.code >= 0x80, packet.type)
  await client.expectClosed()
})

test('several packets in one frame are all processed [MQTT-6.0.0-2]', broker.websocket, async () => {
  const topic = fresh()
  const { client, frame } = await open()
  const subscribe = v5.subscribe({ id: 3, filters: [topic] })
  frame(
    Buffer.concat([v5.connect({ clientId: fresh() }), subscribe, v5.publish({ topic, payload: 'x' }), v5.pingreq()]),
  )
  await client.expect('connack', { code: 0 })
  await client.expect('suback', { id: 3 })
  await client.expect('publish', { topic, payload: 'x' })
  await client.expect('pingresp')
})

test('packets split over frames, a byte in each, are processed [MQTT-6.0.0-2]', broker.websocket, async () => {
  const topic = fresh()
  const { client, frame } = await open()
  const bytes = [v5.connect({ clientId: fresh() }), v5.publish({ topic, qos: 1, id: 4, payload: 'x' }), v5.pingreq()]
  for (const byte of Buffer.concat(bytes)) frame(Buffer.from([byte]))
  await client.expect('connack', { code: 0 })
  await client.expect('puback', { id: 4 })
  await client.expect('pingresp')
})

test('a frame may end one packet and begin the next [MQTT-6.0.0-2]', broker.websocket, async () => {
  const topic = fresh()
  const reader = await broker.connect(v5)
  await reader.subscribe(topic)
  const { client, frame } = await connected()
  const packets = Array.from({ length: 20 }, (_, index) => v5.publish({ topic, payload: `${index}` }))
  const bytes = Buffer.concat(packets)
  for (let at = 0; at < bytes.length; at += 7) frame(bytes.subarray(at, at + 7))
  await client.expectNoMore()
  for (let index = 0; index < 20; index++) await reader.expect('publish', { payload: `${index}` })
})

test('a packet in a fragmented message is processed [MQTT-6.0.0-2]', broker.websocket, async () => {
  const { client, frame } = await connected()
  const bytes = Buffer.concat([v5.publish({ topic: fresh(), qos: 1, id: 4, payload: 'abcdef' }), v5.pingreq()])
  frame(bytes.subarray(0, 5), { last: false })
  frame(bytes.subarray(5, 9), { last: false })
  frame(bytes.subarray(9))
  await client.expect('puback', { id: 4 })
  await client.expect('pingresp')
})

test('a payload of 200,000 bytes comes through in both directions [MQTT-6.0.0-2]', broker.websocket, async () => {
  const topic = fresh()
  const { client } = await connected()
  await client.subscribe({ filter: topic, qos: 0 })
  const payload = Buffer.alloc(200_000, 'abcdefg')
  client.send(v5.publish({ topic, payload }))
  await client.expect('publish', { topic, payload })
})

test('an empty binary frame is nothing [MQTT-6.0.0-2]', broker.websocket, async () => {
  const { client, frame } = await connected()
  frame(Buffer.alloc(0))
  await client.expectNoMore()
})

for (const offered of [['mqtt'], ['chat', 'mqtt'], ['mqtt', 'chat']]) {
  test(
    `of ${offered.join(' and ')} the server selects mqtt [MQTT-6.0.0-3] [MQTT-6.0.0-4]`,
    broker.websocket,
    async () => {
      const { socket, client } = await open(offered)
      equal(socket.protocol, 'mqtt')
      client.send(v5.connect({ clientId: fresh() }))
      await client.expect('connack', { code: 0 })
    },
  )
}

for (const offered of [[], ['chat'], ['MQTT'], ['mqtt5', 'chat']]) {
  test(
    `of ${offered.join(' and ') || 'no subprotocol'} the server does not select mqtt [MQTT-6.0.0-3] [MQTT-6.0.0-4]`,
    broker.websocket,
    async () => {
      const selected = await open(offered).then(
        ({ socket }) => socket.protocol,
        () => 'refused',
      )
      notEqual(selected, 'mqtt')
    },
  )
}
