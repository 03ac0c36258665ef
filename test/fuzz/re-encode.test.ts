import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../kit/fast-check.ts'
import { edits, versioned } from './client-packets.ts'
import { decodeClient } from './decode-client.ts'
import { edited } from './edit.ts'
import { encodeClient } from './encode-client.ts'

function bodyAt(packet: Buffer): number {
  let at = 1
  while (packet.readUInt8(at) > 0x7f) at++
  return at + 1
}

test('a canonical packet of any type and version is decoded to what was encoded', () => {
  fc.assert(
    fc.property(versioned, ({ version, client }) => {
      const bytes = encodeClient(version, client)
      assert.deepEqual(decodeClient(version, bytes.readUInt8(0), bytes, bodyAt(bytes), bytes.length), client)
    }),
    { numRuns: 2_000 },
  )
})

test('a canonical packet of any type and version is the same bytes when it is decoded and encoded again', () => {
  fc.assert(
    fc.property(versioned, ({ version, client }) => {
      const bytes = encodeClient(version, client)
      const again = decodeClient(version, bytes.readUInt8(0), bytes, bodyAt(bytes), bytes.length)
      if (again.kind === 'refused') assert.fail(`refused with ${again.reason}`)
      assert.deepEqual(encodeClient(version, again), bytes)
    }),
    { numRuns: 1_000 },
  )
})

test('a damaged packet that is accepted means the same after it was encoded in canonical form', () => {
  fc.assert(
    fc.property(versioned, edits, ({ version, client }, damage) => {
      const bytes = encodeClient(version, client)
      const at = bodyAt(bytes)
      const body = edited(bytes.subarray(at), damage)
      const packet = decodeClient(version, bytes.readUInt8(0), body, 0, body.length)
      if (packet.kind === 'refused') return
      const canonical = encodeClient(version, packet)
      const again = decodeClient(version, canonical.readUInt8(0), canonical, bodyAt(canonical), canonical.length)
      assert.deepEqual(again, packet)
    }),
    { numRuns: 2_000 },
  )
})
