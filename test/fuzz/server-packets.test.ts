import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Arbitrary } from 'fast-check'
import { type Packet, parser } from 'mqtt-packet'
import {
  encodeAuth,
  encodeConnack,
  encodeDisconnect,
  encodeSuback,
  pingresp,
  type ServerProperties,
  writeAcknowledgement,
} from '../../src/packet/encode.ts'
import { publishPropertiesLength, varintLength, writePublish } from '../../src/packet/encode-publish.ts'
import { Reason } from '../../src/packet/reason.ts'
import { Slab } from '../../src/packet/slab.ts'
import { PacketType, type Version } from '../../src/packet/types.ts'
import { fc } from '../kit/fast-check.ts'
import { text } from './client-packets.ts'

const unlimited = 268_435_455
const version = fc.constantFrom<Version>(3, 4, 5)
const identifier = fc.integer({ min: 1, max: 65_535 })
const flag = fc.constantFrom(0, 1)
const uint16 = fc.nat(65_535)
const uint32 = fc.nat(0xffff_ffff)
const some = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array))
const optional: { requiredKeys: [] } = { requiredKeys: [] }

/** The one packet, by the parser of mqtt-packet. */
function parse(protocolVersion: Version, bytes: Buffer): Packet {
  const found: Packet[] = []
  const reference = parser({ protocolVersion })
  reference.on('packet', (packet) => found.push(packet))
  reference.on('error', (error) => assert.fail(String(error)))
  assert.equal(reference.parse(bytes), 0, 'nothing is left over')
  const [packet] = found
  assert.ok(packet !== undefined && found.length === 1)
  return packet
}

function fields(packet: Packet): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(packet))
}

const connackProperties: Arbitrary<ServerProperties> = fc.record(
  {
    sessionExpiryInterval: uint32,
    receiveMaximum: identifier,
    maximumQos: flag,
    retainAvailable: flag,
    maximumPacketSize: fc.integer({ min: 1, max: 0xffff_ffff }),
    assignedClientIdentifier: text,
    topicAliasMaximum: uint16,
    reasonString: text,
    wildcardSubscriptionAvailable: flag,
    subscriptionIdentifierAvailable: flag,
    sharedSubscriptionAvailable: flag,
    serverKeepAlive: uint16,
    responseInformation: text,
    serverReference: text,
    authenticationMethod: text,
    authenticationData: some,
  },
  optional,
)

const otherNames: Readonly<Record<string, string>> = {
  maximumQos: 'maximumQoS',
  subscriptionIdentifierAvailable: 'subscriptionIdentifiersAvailable',
}
const flags = new Set([
  'retainAvailable',
  'wildcardSubscriptionAvailable',
  'subscriptionIdentifierAvailable',
  'sharedSubscriptionAvailable',
])

/** Properties in the names and types of mqtt-packet. */
function theirs(properties: ServerProperties): object | undefined {
  const result: Record<string, unknown> = {}
  const entries: [string, unknown][] = Object.entries(properties)
  for (const [name, value] of entries) result[otherNames[name] ?? name] = flags.has(name) ? value === 1 : value
  return Object.keys(result).length === 0 ? undefined : result
}

test('CONNACK is read by others as it was meant', () => {
  fc.assert(
    fc.property(
      version,
      fc.boolean(),
      fc.constantFrom(0, 1, 2, 5),
      connackProperties,
      (protocol, present, code, properties) => {
        const reason = protocol === 5 && code > 0 ? 0x80 + code : code
        const packet = fields(parse(protocol, encodeConnack(protocol, present, reason, properties, unlimited)))
        // MQTT 3.1 has no such flag.
        assert.equal(packet.sessionPresent, present && protocol > 3)
        assert.equal(protocol === 5 ? packet.reasonCode : packet.returnCode, reason)
        assert.deepEqual(packet.properties, protocol === 5 ? theirs(properties) : undefined)
      },
    ),
    { numRuns: 500 },
  )
})

test('SUBACK and UNSUBACK are read by others as they were meant', () => {
  const codes = fc.array(fc.constantFrom(0, 0x80), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(
      version,
      fc.constantFrom(9, 11),
      identifier,
      codes,
      fc.option(text),
      (protocol, type, id, granted, why) => {
        const kind = type === 9 ? PacketType.Suback : PacketType.Unsuback
        const packet = fields(parse(protocol, encodeSuback(kind, protocol, id, granted, why, unlimited)))
        assert.equal(packet.messageId, id)
        const silent = protocol !== 5 && kind === PacketType.Unsuback
        assert.deepEqual(packet.granted, silent ? undefined : granted)
        assert.deepEqual(packet.properties, protocol === 5 && why !== null ? { reasonString: why } : undefined)
      },
    ),
  )
})

test('acknowledgements are read by others as they were meant', () => {
  const types = fc.constantFrom(PacketType.Puback, PacketType.Pubrec, PacketType.Pubrel, PacketType.Pubcomp)
  const why = fc.option(text)
  fc.assert(
    fc.property(
      version,
      types,
      identifier,
      fc.boolean(),
      why,
      fc.nat(9_000),
      (protocol, type, id, good, reasonString, at) => {
        const late = type === PacketType.Pubrel || type === PacketType.Pubcomp
        const reason = good ? Reason.Success : late ? Reason.PacketIdentifierNotFound : Reason.QuotaExceeded
        const slab = new Slab(10_000)
        slab.at = at
        const before = slab.bytes
        writeAcknowledgement(slab, protocol, type, id, reason, reasonString, unlimited)
        const bytes = slab.bytes.subarray(slab.bytes === before ? at : 0, slab.at)
        const packet = fields(parse(protocol, bytes))
        assert.equal(packet.cmd, ['puback', 'pubrec', 'pubrel', 'pubcomp'][type - 4])
        assert.equal(packet.messageId, id)
        assert.equal(packet.reasonCode, protocol === 5 ? reason : undefined)
        const told = protocol === 5 && !good && reasonString !== null
        assert.deepEqual(packet.properties, told ? { reasonString } : undefined)
      },
    ),
    { numRuns: 500 },
  )
})

test('DISCONNECT, AUTH and PINGRESP are read by others as they were meant', () => {
  const disconnect = fc.record({ reasonString: text, serverReference: text }, optional)
  const auth = fc.record({ authenticationMethod: text, authenticationData: some, reasonString: text }, optional)
  fc.assert(
    fc.property(disconnect, auth, (first, second) => {
      const one = fields(parse(5, encodeDisconnect(Reason.SessionTakenOver, first, unlimited)))
      assert.deepEqual([one.cmd, one.reasonCode, one.properties], ['disconnect', 0x8e, theirs(first)])
      const two = fields(parse(5, encodeAuth(Reason.ContinueAuthentication, second, unlimited)))
      assert.deepEqual([two.cmd, two.reasonCode, two.properties], ['auth', 0x18, theirs(second)])
    }),
  )
  assert.equal(parse(4, pingresp).cmd, 'pingresp')
})

test('PUBLISH is read by others as it was meant', () => {
  const extras = fc.record({
    expiry: fc.oneof(fc.constant(-1), uint32),
    alias: fc.oneof(fc.constant(0), identifier),
    aliasKnown: fc.constant(false),
    identifiers: fc.option(fc.array(fc.integer({ min: 1, max: unlimited }), { minLength: 1, maxLength: 4 })),
  })
  const payload = fc.oneof(
    some,
    fc.nat(20_000).map((length) => Buffer.alloc(length, 1)),
  )
  const topic = text.filter((name) => name !== '')
  fc.assert(
    fc.property(
      version,
      fc.constantFrom(0, 1, 2),
      identifier,
      topic,
      extras,
      payload,
      (protocol, qos, packetId, name, more, body) => {
        const id = qos === 0 ? 0 : packetId
        const properties = protocol === 5 ? publishPropertiesLength(more, null) : 0
        const encoded = Buffer.from(name)
        const topicName = { text: name, bytes: encoded.length === name.length ? null : encoded, length: encoded.length }
        const section = protocol === 5 ? varintLength(properties) + properties : 0
        const length = 2 + encoded.length + (id > 0 ? 2 : 0) + section + body.length
        const slab = new Slab(100_000)
        const idAt = writePublish(slab, 0x30 | (qos << 1), id, protocol, topicName, more, null, properties, length)
        const packet = fields(parse(protocol, Buffer.concat([slab.bytes.subarray(0, slab.at), body])))
        assert.deepEqual([packet.topic, packet.qos, packet.payload], [name, qos, body])
        if (id > 0) assert.deepEqual([packet.messageId, slab.bytes.readUInt16BE(idAt)], [id, id])
        if (protocol === 5) assert.deepEqual(packet.properties, expected(more))
      },
    ),
    { numRuns: 500 },
  )
})

function expected({
  expiry,
  alias,
  identifiers,
}: {
  expiry: number
  alias: number
  identifiers: number[] | null
}): object | undefined {
  const properties = {
    ...(expiry >= 0 && { messageExpiryInterval: expiry }),
    ...(alias > 0 && { topicAlias: alias }),
    ...(identifiers !== null && { subscriptionIdentifier: identifiers.length === 1 ? identifiers[0] : identifiers }),
  }
  return Object.keys(properties).length === 0 ? undefined : properties
}
