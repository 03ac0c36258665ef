import type { Arbitrary } from 'fast-check'
import type { ReasonPacket, Subscribe, Unsubscribe } from '../../src/packet/decode.ts'
import type { Connect, Will } from '../../src/packet/decode-connect.ts'
import { absent } from '../../src/packet/decode-publish.ts'
import type { Properties } from '../../src/packet/properties.ts'
import type { Qos, Version } from '../../src/packet/types.ts'
import { fc } from '../kit/fast-check.ts'
import { encodeProperties, type PropertyName } from '../kit/properties.ts'
import { type AcknowledgementView, type ClientPacket, limits, type PublishView } from './decode-client.ts'
import { type Edit, editKinds } from './edit.ts'

export interface Versioned {
  readonly version: Version
  readonly client: ClientPacket
}

const plain = { noNullPrototype: true }

/** Any valid packet of a client, of any version, as its decoder would give it. */
export const versioned: Arbitrary<Versioned> = fc
  .constantFrom<Version>(3, 4, 5)
  .chain((version) => fc.record({ version: fc.constant(version), client: clientPacket(version) }, plain))

export const edits: Arbitrary<Edit[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...editKinds), at: fc.nat(300), count: fc.nat(15), value: fc.nat(255) }, plain),
  { minLength: 1, maxLength: 4 },
)

export const text = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-c/$+#]{0,8}$/) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((any) => any.replaceAll('\0', '\u0001')) },
  { weight: 1, arbitrary: fc.nat(300).map((length) => 'é'.repeat(length)) },
)
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const qos = fc.constantFrom<Qos>(0, 1, 2)
const uint16 = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 0xffff))
const uint32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0x8000_0000, 0xffff_ffff))
const identifier = fc.integer({ min: 1, max: 0xffff })
const flag = fc.constantFrom(0, 1)
const userProperties = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: limits.maximumUserProperties })
const optional: { requiredKeys: []; noNullPrototype: boolean } = { requiredKeys: [], ...plain }

const willProperties: Arbitrary<Properties> = fc.record(
  {
    payloadFormatIndicator: flag,
    messageExpiryInterval: uint32,
    contentType: text,
    responseTopic: text,
    correlationData: bytes,
    willDelayInterval: uint32,
    userProperties,
  },
  optional,
)

const connectProperties: Arbitrary<Properties> = fc
  .record(
    {
      sessionExpiryInterval: uint32,
      authenticationMethod: text,
      authenticationData: bytes,
      requestProblemInformation: flag,
      requestResponseInformation: flag,
      receiveMaximum: identifier,
      topicAliasMaximum: uint16,
      maximumPacketSize: uint32.map((value) => value || 1),
      userProperties,
    },
    optional,
  )
  .map(withMethod)

/** Authentication data needs a method. */
function withMethod(properties: Properties): Properties {
  return properties.authenticationData === undefined ? properties : { authenticationMethod: 'm', ...properties }
}

function clientPacket(version: Version): Arbitrary<ClientPacket> {
  const kinds: Arbitrary<ClientPacket>[] = [
    connect(version).map((packet) => ({ kind: 'connect', packet })),
    publish(version).map((packet) => ({ kind: 'publish', packet })),
    acknowledgement(version).map((packet) => ({ kind: 'acknowledgement', packet })),
    subscribe(version).map((packet) => ({ kind: 'subscribe', packet })),
    unsubscribe.map((packet) => ({ kind: 'unsubscribe', packet })),
  ]
  if (version === 5) {
    kinds.push(reasoned(disconnectProperties).map((packet) => ({ kind: 'disconnect', packet })))
    kinds.push(reasoned(authProperties).map((packet) => ({ kind: 'auth', packet })))
  }
  return fc.oneof(...kinds)
}

function connect(version: Version): Arbitrary<Connect> {
  const none = fc.constant<Properties>({})
  const will: Arbitrary<Will> = fc.record(
    {
      topic: text,
      payload: bytes,
      qos,
      retain: fc.boolean(),
      properties: version === 5 ? willProperties : none,
    },
    plain,
  )
  return fc
    .record(
      {
        version: fc.constant(version),
        cleanStart: fc.boolean(),
        keepAlive: uint16,
        clientId: text,
        username: fc.option(text),
        password: fc.option(bytes),
        will: fc.option(will),
        properties: version === 5 ? connectProperties : none,
      },
      plain,
    )
    .map((packet) => (version < 5 && packet.username === null ? { ...packet, password: null } : packet))
}

type Entry = readonly [PropertyName, number | string | Buffer | readonly (readonly [string, string])[]]

const users: Arbitrary<Entry[]> = fc.array(
  fc.tuple(text, text).map((pair): Entry => ['userProperty', [pair]]),
  { maxLength: limits.maximumUserProperties },
)

/** The properties of PUBLISH that every receiver gets, in any order. */
const passedOn: Arbitrary<Entry[]> = fc
  .tuple(
    fc.option(flag.map((value): Entry => ['payloadFormatIndicator', value])),
    fc.option(text.map((value): Entry => ['contentType', value])),
    fc.option(text.map((value): Entry => ['responseTopic', value])),
    fc.option(bytes.map((value): Entry => ['correlationData', value])),
    users,
  )
  .map(([a, b, c, d, list]) => [a, b, c, d, ...list].filter((entry) => entry !== null))
  .chain((list) => fc.shuffledSubarray(list, { minLength: list.length }))

function publish(version: Version): Arbitrary<PublishView> {
  const fields = fc.record(
    {
      qos,
      retain: fc.boolean(),
      dup: fc.boolean(),
      topic: text.map((value) => Buffer.from(value)),
      packetId: identifier,
      payload: bytes,
      alias: version === 5 ? fc.option(uint16, { nil: absent }) : fc.constant(absent),
      expiry: version === 5 ? fc.option(uint32, { nil: absent }) : fc.constant(absent),
    },
    plain,
  )
  const noEntries: Arbitrary<Entry[]> = fc.constant([])
  return fc.tuple(fields, version === 5 ? passedOn : noEntries).map(([some, entries]) => ({
    ...some,
    dup: some.qos > 0 && some.dup,
    packetId: some.qos > 0 ? some.packetId : 0,
    textual: find(entries, 'payloadFormatIndicator') === 1,
    response: textOf(find(entries, 'responseTopic')),
    properties: entries.length === 0 ? null : encodeProperties(entries, new Uint8Array()),
  }))
}

function find(entries: readonly Entry[], name: PropertyName): unknown {
  return entries.find(([one]) => one === name)?.[1]
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

const acceptedCodes = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const releasedCodes = [0x00, 0x92]

function acknowledgement(version: Version): Arbitrary<AcknowledgementView> {
  return fc.constantFrom<AcknowledgementView['type']>(4, 5, 6, 7).chain((type) =>
    fc.record(
      {
        type: fc.constant(type),
        packetId: identifier,
        reason: version < 5 ? fc.constant(0) : fc.constantFrom(...(type < 6 ? acceptedCodes : releasedCodes)),
      },
      plain,
    ),
  )
}

function subscribe(version: Version): Arbitrary<Subscribe> {
  const off = fc.constant(false)
  const request = fc.record(
    {
      filter: text,
      qos,
      noLocal: version === 5 ? fc.boolean() : off,
      retainAsPublished: version === 5 ? fc.boolean() : off,
      retainHandling: version === 5 ? fc.constantFrom<0 | 1 | 2>(0, 1, 2) : fc.constant<0>(0),
    },
    plain,
  )
  return fc.record(
    {
      packetId: identifier,
      requests: fc.array(request, { minLength: 1, maxLength: limits.maximumFiltersPerSubscribe }),
      identifier: version === 5 ? fc.oneof(fc.constant(0), fc.nat(268_435_455)) : fc.constant(0),
    },
    plain,
  )
}

const unsubscribe: Arbitrary<Unsubscribe> = fc.record(
  {
    packetId: identifier,
    filters: fc.array(text, { minLength: 1, maxLength: limits.maximumFiltersPerSubscribe }),
  },
  plain,
)

const disconnectProperties: Arbitrary<Properties> = fc.record(
  { sessionExpiryInterval: uint32, reasonString: text, userProperties },
  optional,
)

const authProperties: Arbitrary<Properties> = fc.record(
  { authenticationMethod: text, authenticationData: bytes, reasonString: text, userProperties },
  optional,
)

function reasoned(properties: Arbitrary<Properties>): Arbitrary<ReasonPacket> {
  return fc.record({ reason: fc.nat(255), properties }, plain)
}
