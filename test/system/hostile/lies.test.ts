import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason } from '../../../src/index.ts'
import { arrayBuffers } from '../../fuzz/heap.ts'
import { hex } from '../../kit/bytes.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Arena } from './arena.ts'

test('a packet announced as larger than the maximum is refused before its body comes [MQTT §3.2.2.3.6]', async () => {
  await using arena = await Arena.open({ settings: { maximumPacketSize: 10_000 } })
  const client = await arena.client(v5, { clientId: 'liar' })
  client.send(hex`30 ffffff7f`)
  await client.expectDisconnect(Reason.PacketTooLarge)
  const old = await arena.client(v4)
  old.send(hex`30 ffffff7f`)
  await old.expectClosed()
  await arena.canary.sing(10)
})

test('before CONNECT is read, a length over the maximum closes without an answer', async () => {
  await using arena = await Arena.open({ settings: { maximumPacketSize: 10_000 } })
  const client = new WireClient(await arena.socket(), v4)
  client.send(hex`10 ffffff7f 0004`)
  await client.expectClosed()
  await arena.canary.sing(10)
})

test('memory is spent on what came, not on what was announced: 500 clients announce 2 MB each', async () => {
  await using arena = await Arena.open()
  const before = arrayBuffers()
  for (let count = 0; count < 500; count++) {
    const socket = await arena.socket()
    socket.write(Buffer.concat([v4.connect({ clientId: `liar${count}` }), hex`30 80897a 0001 61`, Buffer.alloc(100)]))
    if (count % 50 === 0) await arena.canary.sing(2)
  }
  await arena.until('all are connected', () => arena.broker.counters.connections === 502)
  await arena.canary.sing(20)
  const grown = arrayBuffers() - before
  assert.ok(grown < 50_000_000, `${grown} bytes for 1,000,000,000 announced`)
  assert.equal(arena.broker.counters.publishReceived, arena.broker.counters.publishSent)
})

test('a Remaining Length of five bytes is malformed [MQTT §1.5.5]', async () => {
  await using arena = await Arena.open()
  const client = await arena.client(v5)
  client.send(hex`30 8080808001`)
  await client.expectDisconnect(Reason.MalformedPacket)
  await arena.canary.sing(5)
})

test('lengths inside a packet that pass its end are malformed, and what follows the packet is not read for them', async () => {
  await using arena = await Arena.open()
  const wrong = [
    hex`30 03 0009 61`,
    hex`30 05 0001 61 0926`,
    hex`30 07 0001 61 03 03 0005`,
    hex`82 06 0001 00 0009 61`,
    hex`a2 05 0001 00 0001`,
    hex`40 04 0001 00 7f`,
    hex`e0 03 00 05 11`,
  ]
  for (const packet of wrong) {
    const client = await arena.client(v5)
    client.send(packet, v5.publish({ topic: 'never', payload: 'x'.repeat(50) }))
    await client.expectDisconnect(Reason.MalformedPacket)
    await arena.canary.sing(1)
  }
})

test('a CONNECT whose fields pass its end is refused, and no session is made', async () => {
  await using arena = await Arena.open()
  const whole = v5.connect({ clientId: 'liar', username: 'u', password: 'p' })
  for (let cut = 14; cut < whole.length - 2; cut++) {
    const client = new WireClient(await arena.socket(), v5)
    client.send(v5.connect({ clientId: 'liar', username: 'u', password: 'p', cut }), Buffer.alloc(100))
    await client.expectRefused(Reason.MalformedPacket)
  }
  assert.equal(arena.broker.counters.sessions, 2)
  await arena.canary.sing(5)
})
