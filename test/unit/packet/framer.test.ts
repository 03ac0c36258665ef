import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Framer, type PacketSink } from '../../../src/packet/framer.ts'
import { arrayBuffers } from '../../fuzz/heap.ts'
import { hex } from '../../kit/bytes.ts'

class Collector implements PacketSink {
  readonly packets: string[] = []
  readonly unframes: string[] = []
  /** How many more packets are taken before the sink says stop. */
  appetite = Number.POSITIVE_INFINITY

  packet(first: number, bytes: Buffer, start: number, end: number): boolean {
    this.packets.push(`${first.toString(16)}:${bytes.toString('hex', start, end)}`)
    this.appetite -= 1
    return this.appetite > 0
  }

  unframed(cause: 'length' | 'size'): void {
    this.unframes.push(cause)
  }
}

function feed(framer: Framer, ...chunks: readonly Buffer[]): void {
  for (const chunk of chunks) {
    // As a read buffer that is used again: longer than what was read, and overwritten afterwards.
    const shared = Buffer.concat([chunk, Buffer.alloc(8, 0xc0)])
    framer.feed(shared, chunk.length)
    shared.fill(0xee)
  }
}

test('several packets in one read are handed on in order', () => {
  const sink = new Collector()
  feed(new Framer(sink, 100), hex`c000 30 03 0001 61 e000`)
  assert.deepEqual(sink.packets, ['c0:', '30:000161', 'e0:'])
})

test('a packet that comes byte by byte is handed on with its last byte', () => {
  const sink = new Collector()
  const framer = new Framer(sink, 1_000)
  const packet = Buffer.concat([hex`30 8101`, Buffer.alloc(129, 0x61)])
  for (const byte of packet.subarray(0, -1)) feed(framer, Buffer.from([byte]))
  assert.deepEqual(sink.packets, [])
  feed(framer, packet.subarray(-1))
  assert.deepEqual(sink.packets, [`30:${'61'.repeat(129)}`])
})

test('the end of one packet, whole packets and the beginning of another may come in one read', () => {
  const sink = new Collector()
  const framer = new Framer(sink, 100)
  feed(framer, hex`30 05 00`, hex`01 61 6263 c000 30`, hex`03 000162 e000`)
  assert.deepEqual(sink.packets, ['30:0001616263', 'c0:', '30:000162', 'e0:'])
})

test('a Remaining Length of five bytes ends the stream, in one read and byte by byte [MQTT §1.5.5]', () => {
  const whole = new Collector()
  feed(new Framer(whole, 1_000_000_000), hex`30 ffffffff01 00`)
  assert.deepEqual(whole.unframes, ['length'])
  const dribbled = new Collector()
  const framer = new Framer(dribbled, 1_000_000_000)
  feed(framer, hex`30`, hex`ff`, hex`ff`, hex`ff`)
  assert.deepEqual(dribbled.unframes, [])
  feed(framer, hex`ff`)
  assert.deepEqual(dribbled.unframes, ['length'])
  assert.deepEqual([...whole.packets, ...dribbled.packets], [])
})

test('a packet of exactly the maximum passes, one byte more does not [MQTT §3.1.2.11.4]', () => {
  const sink = new Collector()
  feed(new Framer(sink, 10), hex`30 08 0001616262626262`)
  assert.equal(sink.packets.length, 1)
  feed(new Framer(sink, 10), hex`30 09 000161626262626262`)
  assert.deepEqual(sink.unframes, ['size'])
  assert.equal(sink.packets.length, 1)
})

test('a packet announced as too large is refused by its length, before its body comes', () => {
  const sink = new Collector()
  const framer = new Framer(sink, 1_000)
  feed(framer, hex`30`, hex`80`)
  assert.deepEqual(sink.unframes, [])
  feed(framer, hex`80 80 01`)
  assert.deepEqual(sink.unframes, ['size'])
})

test('the packets before an unframable one are handed on', () => {
  const sink = new Collector()
  feed(new Framer(sink, 10), hex`c000 30 7f`)
  assert.deepEqual(sink.packets, ['c0:'])
  assert.deepEqual(sink.unframes, ['size'])
})

test('after the sink said stop the rest waits, and resume hands it on in order', () => {
  const sink = new Collector()
  const framer = new Framer(sink, 100)
  sink.appetite = 2
  feed(framer, hex`30 01 01 30 01 02 30 01 03 30 01`)
  assert.deepEqual(sink.packets, ['30:01', '30:02'])
  feed(framer, hex`04 30 01 05`, hex`30`)
  assert.equal(sink.packets.length, 2)
  sink.appetite = 1
  framer.resume()
  assert.deepEqual(sink.packets.slice(2), ['30:03'])
  sink.appetite = 10
  framer.resume()
  feed(framer, hex`01 06`)
  assert.deepEqual(sink.packets.slice(3), ['30:04', '30:05', '30:06'])
})

test('a stop in the packet that completes an earlier read keeps what follows it', () => {
  const sink = new Collector()
  const framer = new Framer(sink, 100)
  sink.appetite = 1
  feed(framer, hex`30 02 01`, hex`02 30 01 03 c0`)
  assert.deepEqual(sink.packets, ['30:0102'])
  sink.appetite = 10
  framer.resume()
  feed(framer, hex`00`)
  assert.deepEqual(sink.packets, ['30:0102', '30:03', 'c0:'])
})

test('memory grows with what has arrived, not with what was announced', () => {
  const framers: Framer[] = []
  const before = arrayBuffers()
  for (let count = 0; count < 1_000; count++) {
    const framer = new Framer(new Collector(), 268_435_456)
    framer.feed(hex`30 ffff7f 0001 61`, 7)
    framers.push(framer)
  }
  const grown = arrayBuffers() - before
  assert.equal(framers.length, 1_000)
  assert.ok(grown < 4_000_000, `${grown} bytes for 7 bytes each of 1,000 connections`)
})
