/** Bytes a measuring payload needs at least: time due (8), publisher (4), sequence number (4). */
export const stampBytes = 16

/** CONNECT of MQTT 3.1.1, the version every peer speaks. */
export function connectPacket(
  clientId: string,
  cleanSession: boolean,
  keepAlive: number,
  { username, password }: Login = nobody,
): Buffer {
  const head = Buffer.alloc(10)
  head.write('\0\x04MQTT', 0, 'latin1')
  head[6] = 4
  head[7] = (cleanSession ? 2 : 0) | (username === '' ? 0 : 0xc0)
  head.writeUInt16BE(keepAlive, 8)
  const login = username === '' ? [] : [text(username), text(password)]
  return packet(0x10, Buffer.concat([head, text(clientId), ...login]))
}

/** What a client says of itself; without a user name, nothing. */
export interface Login {
  readonly username: string
  readonly password: string
}

const nobody: Login = { username: '', password: '' }

export function subscribePacket(packetId: number, filters: readonly string[], qos: number): Buffer {
  const parts: Buffer[] = [Buffer.from([packetId >> 8, packetId & 0xff])]
  for (const filter of filters) parts.push(text(filter), Buffer.from([qos]))
  return packet(0x82, Buffer.concat(parts))
}

export const disconnectPacket = Buffer.from([0xe0, 0])
export const pingPacket = Buffer.from([0xc0, 0])

/** One PUBLISH, complete but for packet identifier and stamp, to be copied and patched for each message. */
export interface Template {
  readonly bytes: Buffer
  readonly qos: number
  /** Where the packet identifier stands; 0 with QoS 0. */
  readonly packetIdAt: number
  readonly payloadAt: number
}

export function publishTemplate(topic: string, qos: number, retain: boolean, payloadBytes: number): Template {
  const name = text(topic)
  const idBytes = qos === 0 ? 0 : 2
  const payload = Buffer.alloc(Math.max(payloadBytes, stampBytes), 'abcdefghijklmnopqrstuvwxyz0123456789')
  const bytes = packet(0x30 | (qos << 1) | (retain ? 1 : 0), Buffer.concat([name, Buffer.alloc(idBytes), payload]))
  const payloadAt = bytes.length - payload.length
  return { bytes, qos, packetIdAt: qos === 0 ? 0 : payloadAt - 2, payloadAt }
}

/** Bytes of a PUBLISH whose topic is ASCII and whose remaining length is under 16,384. */
export function publishBytes(topic: string, qos: number, payloadBytes: number): number {
  const remaining = 2 + topic.length + (qos === 0 ? 0 : 2) + payloadBytes
  return remaining + (remaining > 0x7f ? 3 : 2)
}

/** Writes a PUBLISH up to its payload, for topics that change with every message; returns where the payload begins. */
export function writePublishHead(
  out: Buffer,
  at: number,
  topic: string,
  qos: number,
  retain: boolean,
  packetId: number,
  payloadBytes: number,
): number {
  const remaining = 2 + topic.length + (qos === 0 ? 0 : 2) + payloadBytes
  let end = at
  out[end++] = 0x30 | (qos << 1) | (retain ? 1 : 0)
  if (remaining > 0x7f) out[end++] = (remaining & 0x7f) | 0x80
  out[end++] = remaining > 0x7f ? remaining >> 7 : remaining
  out[end++] = topic.length >> 8
  out[end++] = topic.length & 0xff
  end += out.write(topic, end, 'latin1')
  if (qos === 0) return end
  out[end++] = packetId >> 8
  out[end++] = packetId & 0xff
  return end
}

/** Where a packet's body begins and ends. `end` is 0 when the header is not complete yet, -1 when it is malformed. */
export interface Bounds {
  body: number
  end: number
}

/** Reads the fixed header at `at` into `bounds`, which is reused so that no packet allocates. */
export function readHeader(bytes: Buffer, at: number, length: number, bounds: Bounds): void {
  let size = 0
  for (let index = 0; index < 4; index++) {
    const where = at + 1 + index
    if (where >= length) {
      bounds.end = 0
      return
    }
    const byte = bytes[where]!
    size |= (byte & 0x7f) << (7 * index)
    if (byte < 0x80) {
      bounds.body = where + 1
      bounds.end = where + 1 + size
      return
    }
  }
  bounds.end = -1
}

function packet(header: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([header, ...variableByteInteger(body.length)]), body])
}

function variableByteInteger(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const more = rest > 0x7f
    bytes.push((rest & 0x7f) | (more ? 0x80 : 0))
    rest >>>= 7
  } while (rest > 0)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}
