import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Packet } from 'mqtt-packet'
import { Reason } from '../../src/packet/reason.ts'
import type { Version } from '../../src/packet/types.ts'
import { varint } from '../kit/bytes.ts'
import { fc } from '../kit/fast-check.ts'
import { edits, versioned } from './client-packets.ts'
import { type ClientPacket, decodeClient, type Refused } from './decode-client.ts'
import { edited } from './edit.ts'
import { encodeClient } from './encode-client.ts'
import { isFaithful, referenceParse } from './reference-parser.ts'
import { ours, theirs } from './same-meaning.ts'

/** One packet, what we make of it, and what mqtt-packet makes of it. */
interface Case {
  readonly version: Version
  readonly first: number
  readonly body: Buffer
  readonly bytes: Buffer
  readonly we: ClientPacket | Refused
  readonly they: Packet | null
}

type Rules = Readonly<Record<string, (one: Case) => boolean>>

/** Where mqtt-packet accepts what the specification tells a server to refuse. */
const theyAreLax: Rules = {
  // It does not look at what is behind the last field, at lengths that disagree, at overlong integers, at UTF-8, at
  // properties that repeat or pass their length: then it cannot write the packet as it was [§1.5.4, §1.5.5, §2.1.4, §2.2.2].
  'it lost something': ({ version, they, bytes }) => they !== null && !isFaithful(version, they, bytes),
  'ill-formed or zero characters [§1.5.4]': ({ they }) => /\ufffd|\\u0000/.test(JSON.stringify(they)),
  'the bridge bit of the protocol level, or a level of the other name [§3.1.2.1, §3.1.2.2]': ({ we }) =>
    reasonOf(we) === Reason.UnsupportedProtocolVersion,
  'a will of QoS 3 [§3.1.2.6]': ({ they }) => they?.cmd === 'connect' && (they.will?.qos ?? 0) > 2,
  'packet identifier 0 [§2.2.1]': ({ they }) => they?.messageId === 0,
  'DUP with QoS 0 [§3.3.1.1]': ({ first }) => (first & 0xfe) === 0x38,
  'a password without a user name [MQTT3 §3.1.2.9]': ({ version, they }) =>
    version < 5 && they?.cmd === 'connect' && they.password !== undefined && they.username === undefined,
  'no topic filter [§3.8.3, §3.10.3]': ({ they }) =>
    (they?.cmd === 'subscribe' && they.subscriptions.length === 0) ||
    (they?.cmd === 'unsubscribe' && they.unsubscriptions.length === 0),
  'a property of another packet [§2.2.2.2]': ({ version, we }) =>
    version === 5 && reasonOf(we) === Reason.MalformedPacket,
  'a property out of its range [§3.1.2.11, §3.3.2.3, §3.8.2.1]': ({ version, we }) =>
    version === 5 && reasonOf(we) === Reason.ProtocolError,
  'reason and properties in an acknowledgement of MQTT 3 [MQTT3 §3.4]': ({ version, first, body }) =>
    version < 5 && first >= 0x40 && first < 0x80 && body.length > 2,
  'more than our limits allow': ({ we }) => reasonOf(we) === Reason.QuotaExceeded,
}

/** Where we accept what mqtt-packet refuses. */
const theyAreStrict: Rules = {
  // The engine looks at these where they mean something; the decoder passes the number on.
  'a reason code the packet does not have [§3.14.2.1, §3.15.2.1]': ({ version, we }) =>
    version === 5 && (we.kind === 'disconnect' || we.kind === 'auth'),
  'the reserved connect flag, a will without its flag and lengths that overrule flags in MQTT 3.1': ({ version }) =>
    version === 3,
}

const packet = fc.tuple(versioned, fc.option(edits)).map(([{ version, client }, damage]) => {
  const bytes = encodeClient(version, client)
  let at = 1
  while (bytes.readUInt8(at) > 0x7f) at++
  const body = damage === null ? bytes.subarray(at + 1) : edited(bytes.subarray(at + 1), damage)
  return judged(version, bytes.readUInt8(0), body)
})

function judged(version: Version, first: number, body: Buffer): Case {
  const bytes = Buffer.concat([Buffer.from([first]), varint(body.length), body])
  const we = decodeClient(version, first, body, 0, body.length)
  return { version, first, body, bytes, we, they: referenceParse(version, bytes) }
}

function reasonOf(we: ClientPacket | Refused): number {
  return we.kind === 'refused' ? we.reason : 0
}

function explained(rules: Rules, one: Case): boolean {
  return Object.values(rules).some((applies) => applies(one))
}

test('what mqtt-packet and we accept, we understand in the same way', () => {
  fc.assert(
    fc.property(packet, (one) => {
      if (one.they === null || one.we.kind === 'refused') return
      assert.deepEqual(ours(one.version, one.we), theirs(one.version, one.they))
    }),
    { numRuns: 3_000 },
  )
})

test('what only one of us accepts falls under a known difference', () => {
  fc.assert(
    fc.property(packet, (one) => {
      if (one.we.kind === 'refused' && one.they !== null)
        assert.ok(
          explained(theyAreLax, one),
          `we refuse with ${one.we.reason.toString(16)}: ${one.bytes.toString('hex')}`,
        )
      if (one.we.kind !== 'refused' && one.they === null)
        assert.ok(explained(theyAreStrict, one), `they refuse: ${one.bytes.toString('hex')}`)
    }),
    { numRuns: 3_000 },
  )
})

test('every valid packet within our limits is accepted by both, but for reason codes', () => {
  fc.assert(
    fc.property(versioned, ({ version, client }) => {
      const bytes = encodeClient(version, client)
      const reasoned = client.kind === 'disconnect' || client.kind === 'auth'
      if (!reasoned) assert.notEqual(referenceParse(version, bytes), null, bytes.toString('hex'))
    }),
    { numRuns: 1_000 },
  )
})
