import { prefixed, type Reader, type Text, u8, u16, u32, varint } from './bytes.ts'

type Kind = 'byte' | 'two' | 'four' | 'varint' | 'string' | 'binary' | 'pair'

/** Identifier, form, and the packets of a server each property may stand in. */
const table = {
  payloadFormatIndicator: [0x01, 'byte', 'publish'],
  messageExpiryInterval: [0x02, 'four', 'publish'],
  contentType: [0x03, 'string', 'publish'],
  responseTopic: [0x08, 'string', 'publish'],
  correlationData: [0x09, 'binary', 'publish'],
  subscriptionIdentifier: [0x0b, 'varint', 'publish'],
  sessionExpiryInterval: [0x11, 'four', 'connack'],
  assignedClientIdentifier: [0x12, 'string', 'connack'],
  serverKeepAlive: [0x13, 'two', 'connack'],
  authenticationMethod: [0x15, 'string', 'connack auth'],
  authenticationData: [0x16, 'binary', 'connack auth'],
  requestProblemInformation: [0x17, 'byte', ''],
  willDelayInterval: [0x18, 'four', ''],
  requestResponseInformation: [0x19, 'byte', ''],
  responseInformation: [0x1a, 'string', 'connack'],
  serverReference: [0x1c, 'string', 'connack disconnect'],
  reasonString: [0x1f, 'string', 'connack puback pubrec pubrel pubcomp suback unsuback disconnect auth'],
  receiveMaximum: [0x21, 'two', 'connack'],
  topicAliasMaximum: [0x22, 'two', 'connack'],
  topicAlias: [0x23, 'two', 'publish'],
  maximumQos: [0x24, 'byte', 'connack'],
  retainAvailable: [0x25, 'byte', 'connack'],
  userProperty: [0x26, 'pair', 'connack publish puback pubrec pubrel pubcomp suback unsuback disconnect auth'],
  maximumPacketSize: [0x27, 'four', 'connack'],
  wildcardSubscriptionAvailable: [0x28, 'byte', 'connack'],
  subscriptionIdentifierAvailable: [0x29, 'byte', 'connack'],
  sharedSubscriptionAvailable: [0x2a, 'byte', 'connack'],
} as const satisfies Record<string, readonly [number, Kind, string]>

export type PropertyName = keyof typeof table

type Built<K extends Kind> = K extends 'string' | 'binary'
  ? Text
  : K extends 'pair'
    ? readonly (readonly [Text, Text])[]
    : K extends 'varint'
      ? number | readonly number[]
      : number

type Read<K extends Kind> = K extends 'string'
  ? string
  : K extends 'binary'
    ? Buffer
    : K extends 'pair'
      ? readonly (readonly [string, string])[]
      : K extends 'varint'
        ? readonly number[]
        : number

/** Properties by name: those that may repeat take a list. */
export type BuildProperties = { readonly [N in PropertyName]?: Built<(typeof table)[N][1]> }

/** What was read; `subscriptionIdentifier` and `userProperty` are lists in wire order, absent ones are undefined. */
export type Properties = { readonly [N in PropertyName]?: Read<(typeof table)[N][1]> }

type Value = number | Text | readonly number[] | readonly (readonly [Text, Text])[]

/** Properties for a packet: by name, or as a list when one must stand twice or in an order, or as the very bytes. */
export type PropertySection = BuildProperties | readonly (readonly [PropertyName, Value])[] | Uint8Array

/** The property section with its length; `length` replaces the true one. */
export function encodeProperties(section: PropertySection, length?: number | Uint8Array): Buffer {
  const body = section instanceof Uint8Array ? Buffer.from(section) : Buffer.concat(entries(section).map(encodeEntry))
  if (length instanceof Uint8Array) return Buffer.concat([length, body])
  return Buffer.concat([varint(length ?? body.length), body])
}

function entries(section: Exclude<PropertySection, Uint8Array>): readonly (readonly [PropertyName, Value])[] {
  if (isList(section)) return section
  const list: [PropertyName, Value][] = []
  for (const name of names) {
    const value = section[name]
    if (value !== undefined) list.push([name, value])
  }
  return list
}

function isList(section: Exclude<PropertySection, Uint8Array>): section is readonly (readonly [PropertyName, Value])[] {
  return Array.isArray(section)
}

function encodeEntry(entry: readonly [PropertyName, Value]): Buffer {
  const [name, value] = entry
  const [id, kind] = table[name]
  if (typeof value === 'number') return Buffer.concat([u8(id), encodeNumber(kind, value)])
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.concat([u8(id), prefixed(value)])
  const parts: Buffer[] = []
  for (const one of value) {
    parts.push(u8(id), typeof one === 'number' ? varint(one) : Buffer.concat([prefixed(one[0]), prefixed(one[1])]))
  }
  return Buffer.concat(parts)
}

function encodeNumber(kind: Kind, value: number): Buffer {
  if (kind === 'two') return u16(value)
  if (kind === 'four') return u32(value)
  return kind === 'varint' ? varint(value) : u8(value)
}

const names = Object.keys(table).filter((name): name is PropertyName => name in table)
const byId = new Map<number, PropertyName>(names.map((name) => [table[name][0], name]))

/** Reads a property section of a packet sent by a server; throws at what a server may not send. */
export function readProperties(reader: Reader, packet: string): Properties {
  const section = reader.varint()
  const end = reader.left - section
  if (end < 0) throw new Error(`${packet}: the Property Length is more than the packet`)
  const identifiers: number[] = []
  const pairs: [string, string][] = []
  const found: Properties = {}
  while (reader.left > end) {
    const id = reader.u8()
    const name = byId.get(id)
    if (name === undefined) throw new Error(`${packet}: unknown property 0x${id.toString(16)}`)
    const [, kind, packets] = table[name]
    if (!packets.split(' ').includes(packet)) throw new Error(`${packet} with property ${name}`)
    if (kind === 'pair') pairs.push([reader.string(), reader.string()])
    else if (kind === 'varint') identifiers.push(reader.varint())
    else if (name in found) throw new Error(`${packet} has ${name} twice`)
    else Object.assign(found, { [name]: readValue(reader, kind) })
  }
  if (reader.left !== end) throw new Error(`${packet}: a property passes the Property Length`)
  if (pairs.length > 0) Object.assign(found, { userProperty: pairs })
  if (identifiers.length > 0) Object.assign(found, { subscriptionIdentifier: identifiers })
  return found
}

function readValue(reader: Reader, kind: Exclude<Kind, 'pair' | 'varint'>): number | string | Buffer {
  switch (kind) {
    case 'byte':
      return reader.u8()
    case 'two':
      return reader.u16()
    case 'four':
      return reader.u32()
    case 'string':
      return reader.string()
    case 'binary':
      return reader.binary()
  }
}
