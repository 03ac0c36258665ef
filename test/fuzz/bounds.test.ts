import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Version } from '../../src/packet/types.ts'
import { fc } from '../kit/fast-check.ts'
import { edits, versioned } from './client-packets.ts'
import { type ClientPacket, decodeClient, type Refused } from './decode-client.ts'
import { edited } from './edit.ts'
import { encodeClient } from './encode-client.ts'

const versions: readonly Version[] = [3, 4, 5]
// Bytes that would end a number, be a length, a property or a character: none of them may be seen from inside.
const sentinels = [0xff, 0x00, 0x01, 0x26, 0x80, 0x61]
const around = 70_000

const fence = new Map(sentinels.map((sentinel) => [sentinel, Buffer.alloc(around, sentinel)]))

/** Decodes the body with other bytes before and behind it, which are not its own. */
function fenced(version: Version, first: number, body: Buffer, sentinel: number): ClientPacket | Refused {
  const bytes = fence.get(sentinel) ?? Buffer.alloc(around)
  const start = 7
  body.copy(bytes, start)
  const result = decodeClient(version, first, bytes, start, start + body.length)
  bytes.fill(sentinel, start, start + body.length)
  return result
}

function check(version: Version, first: number, body: Buffer): void {
  const alone = decodeClient(version, first, body, 0, body.length)
  for (const sentinel of sentinels) assert.deepEqual(fenced(version, first, body, sentinel), alone)
  if (alone.kind === 'refused') assert.ok(alone.reason >= 0x80)
}

const firsts = fc.constantFrom(0x10, 0x30, 0x31, 0x32, 0x34, 0x36, 0x3d, 0x40, 0x50, 0x62, 0x70, 0x82, 0xa2, 0xe0, 0xf0)
const anyBytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array))

/** The first byte and what follows the fixed header. */
function open(packet: Buffer): { first: number; body: Buffer } {
  let at = 1
  while (packet.readUInt8(at) > 0x7f) at++
  return { first: packet.readUInt8(0), body: packet.subarray(at + 1) }
}

test('whatever bytes come, no decoder throws or sees a byte behind the end, in any version', () => {
  fc.assert(
    fc.property(firsts, anyBytes, (first, body) => {
      for (const version of versions) check(version, first, body)
    }),
    { numRuns: 1_000 },
  )
})

test('whatever happens to a valid packet, no decoder throws or sees a byte behind the end, in any version', () => {
  fc.assert(
    fc.property(versioned, edits, firsts, fc.nat(9), ({ version, client }, damage, otherFirst, dice) => {
      const { first, body } = open(encodeClient(version, client))
      const bytes = edited(body, damage)
      check(version, dice === 0 ? otherFirst : first, bytes)
      for (const other of versions) check(other, first, bytes)
    }),
    { numRuns: 3_000 },
  )
})

test('a valid packet cut at any byte is refused or another valid packet, and nothing is read behind the cut', () => {
  fc.assert(
    fc.property(versioned, ({ version, client }) => {
      const { first, body } = open(encodeClient(version, client))
      const step = Math.max(1, Math.floor(body.length / 60))
      for (let end = 0; end < body.length; end += step) check(version, first, Buffer.from(body.subarray(0, end)))
    }),
    { numRuns: 150 },
  )
})
