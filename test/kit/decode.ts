import { Reader } from './bytes.ts'
import type { ProtocolVersion } from './packets.ts'
import { type Properties, readProperties } from './properties.ts'

// Reads what a server sends, strictly: whatever the specification forbids a server to send throws, so every wire test
// also checks reserved bits, minimal lengths, UTF-8, packet identifiers and the place of properties.
// It shares nothing with src/packet, which it is there to prove.

interface Base {
  /** The packet as it came. */
  readonly bytes: Buffer
  /** Empty below MQTT 5. */
  readonly properties: Properties
}

export interface Connack extends Base {
  readonly type: 'connack'
  readonly sessionPresent: boolean
  /** Return code, in MQTT 5 reason code. */
  readonly code: number
}

export interface Publish extends Base {
  readonly type: 'publish'
  readonly dup: boolean
  readonly qos: number
  readonly retain: boolean
  readonly topic: string
  /** 0 at QoS 0. */
  readonly id: number
  readonly payload: Buffer
}

export interface Acknowledgement extends Base {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
  readonly id: number
  /** 0 below MQTT 5 and when left out. */
  readonly code: number
}

export interface Suback extends Base {
  readonly type: 'suback' | 'unsuback'
  readonly id: number
  /** Empty for UNSUBACK below MQTT 5. */
  readonly codes: readonly number[]
}

export interface Pingresp extends Base {
  readonly type: 'pingresp'
}

export interface Final extends Base {
  readonly type: 'disconnect' | 'auth'
  readonly code: number
}

interface PacketTypes {
  readonly connack: Connack
  readonly publish: Publish
  readonly puback: Acknowledgement
  readonly pubrec: Acknowledgement
  readonly pubrel: Acknowledgement
  readonly pubcomp: Acknowledgement
  readonly suback: Suback
  readonly unsuback: Suback
  readonly pingresp: Pingresp
  readonly disconnect: Final
  readonly auth: Final
}

export type ServerPacketType = keyof PacketTypes
export type PacketOf<T extends ServerPacketType> = PacketTypes[T]
export type ServerPacket = PacketOf<ServerPacketType>

const types: Readonly<Record<number, ServerPacketType>> = {
  2: 'connack',
  3: 'publish',
  4: 'puback',
  5: 'pubrec',
  6: 'pubrel',
  7: 'pubcomp',
  9: 'suback',
  11: 'unsuback',
  13: 'pingresp',
  14: 'disconnect',
  15: 'auth',
}

/** The size of the packet at the start of `stream`, or null when its fixed header is not there yet. */
export function packetSize(stream: Buffer): number | null {
  for (let at = 1; at <= 4 && at < stream.length; at++) {
    if (stream.readUInt8(at) < 0x80) {
      const reader = new Reader(stream.subarray(1, at + 1))
      return reader.varint() + 1 + at
    }
  }
  if (stream.length > 4) throw new Error('a Remaining Length has more than four bytes')
  return null
}

/** One whole packet. */
export function decode(version: ProtocolVersion, bytes: Buffer): ServerPacket {
  const first = bytes.readUInt8(0)
  const type = types[first >> 4]
  if (type === undefined) throw new Error(`packet type ${first >> 4} is not for servers to send`)
  const reader = new Reader(bytes.subarray(1))
  reader.varint()
  const flags = first & 0x0f
  if (type !== 'publish' && flags !== (type === 'pubrel' ? 2 : 0)) throw new Error(`${type} with flags ${flags}`)
  const packet = decodeBody(version, type, flags, reader, bytes)
  reader.end(type)
  return packet
}

function decodeBody(v: ProtocolVersion, type: ServerPacketType, flags: number, r: Reader, bytes: Buffer): ServerPacket {
  switch (type) {
    case 'connack':
      return connack(v, r, bytes)
    case 'publish':
      return publish(v, flags, r, bytes)
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return { type, bytes, id: identifier(r), ...reason(v, type, r) }
    case 'suback':
    case 'unsuback':
      return suback(v, type, r, bytes)
    case 'pingresp':
      return { type, bytes, properties: {} }
    case 'disconnect':
    case 'auth':
      if (v !== 5) throw new Error(`a server sends ${type} in MQTT 5 only`)
      return { type, bytes, ...reason(v, type, r) }
  }
}

function connack(version: ProtocolVersion, reader: Reader, bytes: Buffer): Connack {
  const flags = reader.u8()
  const code = reader.u8()
  if (flags > 1) throw new Error(`CONNACK with reserved flags ${flags}`)
  if (version === 3 && flags !== 0) throw new Error('CONNACK of MQTT 3.1 with Session Present')
  if (version < 5 && code > 5) throw new Error(`CONNACK with the reserved return code ${code}`)
  if (code !== 0 && flags !== 0) throw new Error('CONNACK refuses with Session Present')
  return {
    type: 'connack',
    bytes,
    sessionPresent: flags === 1,
    code,
    properties: properties(version, 'connack', reader),
  }
}

function publish(version: ProtocolVersion, flags: number, reader: Reader, bytes: Buffer): Publish {
  const qos = (flags >> 1) & 3
  const dup = flags >= 8
  if (qos === 3) throw new Error('PUBLISH with QoS 3')
  if (qos === 0 && dup) throw new Error('PUBLISH with QoS 0 and DUP')
  const topic = reader.string()
  if (/[+#]/.test(topic)) throw new Error('PUBLISH to a topic with wildcards')
  const id = qos === 0 ? 0 : identifier(reader)
  const found = properties(version, 'publish', reader)
  if (topic === '' && found.topicAlias === undefined) throw new Error('PUBLISH without topic')
  return {
    type: 'publish',
    bytes,
    dup,
    qos,
    retain: (flags & 1) === 1,
    topic,
    id,
    properties: found,
    payload: reader.rest(),
  }
}

function suback(version: ProtocolVersion, type: 'suback' | 'unsuback', reader: Reader, bytes: Buffer): Suback {
  const id = identifier(reader)
  const found = properties(version, type, reader)
  const codes = version === 5 || type === 'suback' ? [...reader.rest()] : []
  const known = version === 3 ? [0, 1, 2] : [0, 1, 2, 0x80]
  if (version < 5 && codes.some((code) => !known.includes(code))) throw new Error(`SUBACK with codes ${codes.join()}`)
  return { type, bytes, id, codes, properties: found }
}

function reason(version: ProtocolVersion, type: ServerPacketType, reader: Reader): Pick<Final, 'code' | 'properties'> {
  if (version < 5 || reader.left === 0) return { code: 0, properties: {} }
  const code = reader.u8()
  return { code, properties: reader.left === 0 ? {} : readProperties(reader, type) }
}

function properties(version: ProtocolVersion, type: ServerPacketType, reader: Reader): Properties {
  return version === 5 ? readProperties(reader, type) : {}
}

function identifier(reader: Reader): number {
  const id = reader.u16()
  if (id === 0) throw new Error('Packet Identifier 0')
  return id
}
