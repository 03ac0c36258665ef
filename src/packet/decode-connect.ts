import { Cursor } from './cursor.ts'
import { Place, type Properties, readProperties } from './properties.ts'
import { Reason } from './reason.ts'
import type { Qos, Version } from './types.ts'

/** A valid CONNECT packet [MQTT 3.1]. */
export interface Connect {
  readonly version: Version
  readonly cleanStart: boolean
  /** Seconds; 0 for none. */
  readonly keepAlive: number
  readonly clientId: string
  readonly username: string | null
  readonly password: Buffer | null
  readonly will: Will | null
  readonly properties: Properties
}

export interface Will {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: Qos
  readonly retain: boolean
  readonly properties: Properties
}

/** Why a CONNECT packet is refused. `version` is the one to answer in, or null when the client gets no CONNACK. */
export interface ConnectFault {
  readonly fault: Reason
  readonly version: Version | null
  readonly detail: string
}

const cursor = new Cursor()

/** Decodes the body of a CONNECT packet that stands at [start, end). */
export function decodeConnect(
  bytes: Buffer,
  start: number,
  end: number,
  maximumUserProperties: number,
): Connect | ConnectFault {
  cursor.reset(bytes, start, end)
  const name = cursor.text()
  const level = cursor.byte()
  if (cursor.failed) return { fault: Reason.MalformedPacket, version: null, detail: 'no protocol name and version' }
  if (name !== 'MQTT' && name !== 'MQIsdp') {
    return { fault: Reason.UnsupportedProtocolVersion, version: null, detail: 'the protocol name is not MQTT' }
  }
  const version = versionOf(name, level)
  if (version === null) {
    // Level 4 is what every client that is refused for its level can read [MQTT3-3.1.2-2].
    return { fault: Reason.UnsupportedProtocolVersion, version: 4, detail: `protocol version ${level}` }
  }
  return decodeBody(version, maximumUserProperties)
}

function versionOf(name: string, level: number): Version | null {
  if (name === 'MQIsdp') return level === 3 ? 3 : null
  return level === 4 || level === 5 ? level : null
}

function decodeBody(version: Version, maximumUserProperties: number): Connect | ConnectFault {
  const malformed = (detail: string): ConnectFault => ({ fault: Reason.MalformedPacket, version, detail })
  const flags = cursor.byte()
  const keepAlive = cursor.uint16()
  if (version !== 3 && (flags & 1) !== 0) return malformed('the reserved connect flag is set')
  const usernameFlag = (flags & 0x80) !== 0
  const passwordFlag = (flags & 0x40) !== 0
  if (version === 4 && passwordFlag && !usernameFlag) return malformed('a password without a user name')
  const properties: Properties = {}
  if (version === 5) {
    const wrong = readProperties(cursor, Place.Connect, properties, maximumUserProperties)
    if (wrong !== 0) return { fault: wrong, version, detail: 'the properties of CONNECT' }
    if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
      return { fault: Reason.ProtocolError, version, detail: 'authentication data without a method' }
    }
  }
  const clientId = cursor.text()
  const will = decodeWill(flags, version, maximumUserProperties)
  if (will !== null && 'fault' in will) return will
  // MQTT 3.1 lets the remaining length overrule the flags.
  const username = usernameFlag && !(version === 3 && cursor.done) ? cursor.text() : null
  const password = passwordFlag && !(version === 3 && cursor.done) ? cursor.binary() : null
  if (cursor.failed) return malformed('a field of CONNECT is missing or ill-formed')
  if (cursor.at !== cursor.end) return malformed('more bytes than the fields of CONNECT')
  return { version, cleanStart: (flags & 2) !== 0, keepAlive, clientId, username, password, will, properties }
}

function decodeWill(flags: number, version: Version, maximumUserProperties: number): Will | ConnectFault | null {
  const qos = (flags >> 3) & 3
  const retain = (flags & 0x20) !== 0
  if ((flags & 4) === 0) {
    if (version === 3 || (qos === 0 && !retain)) return null
    return { fault: Reason.MalformedPacket, version, detail: 'will QoS or will retain without a will' }
  }
  if (qos === 3) return { fault: Reason.MalformedPacket, version, detail: 'will QoS 3' }
  const properties: Properties = {}
  if (version === 5) {
    const wrong = readProperties(cursor, Place.Will, properties, maximumUserProperties)
    if (wrong !== 0) return { fault: wrong, version, detail: 'the will properties' }
  }
  const topic = cursor.text()
  const payload = cursor.binary()
  return { topic, payload, qos: qos === 2 ? 2 : qos === 1 ? 1 : 0, retain, properties }
}
