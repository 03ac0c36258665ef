import { prefixed, raw, type Text, u8, u16, varint } from './bytes.ts'
import { encodeProperties, type PropertySection } from './properties.ts'

// Every field has a value that makes a good packet, and every field can be replaced to make a bad one. `null` leaves a
// field out. The packets of one protocol version are v3, v4 and v5:
//
//     v4.connect({ clientId: 'a', clean: false })
//     v5.publish({ topic: 'a', qos: 3, id: 1, properties: [['topicAlias', 1], ['topicAlias', 2]] })
//     v4.connect({ flags: 0x03 })          // the flags byte itself
//     v4.subscribe({ id: 0, filters: [] })
//     v5.pingreq({ header: 0xc1 })         // the first byte itself

/** What every packet can have replaced: its first byte, its Remaining Length (a number, or the bytes), and its end. */
export interface Broken {
  readonly header?: number
  readonly remainingLength?: number | Uint8Array
  /** Surplus bytes, counted in the Remaining Length. */
  readonly trailing?: Uint8Array
  /** Cut the packet body to so many bytes, with the Remaining Length to fit. */
  readonly cut?: number
}

interface WithProperties extends Broken {
  /** MQTT 5 only; not written in the other versions. `null` leaves out the Property Length too. */
  readonly properties?: PropertySection | null
  readonly propertyLength?: number | Uint8Array
}

export interface WillFields {
  readonly topic: Text | null
  readonly payload?: Text | null
  readonly qos?: number
  readonly retain?: boolean
  readonly properties?: PropertySection | null
  readonly propertyLength?: number | Uint8Array
}

export interface ConnectFields extends WithProperties {
  readonly protocolName?: Text
  readonly protocolLevel?: number
  readonly clientId?: Text | null
  /** Clean Session, in MQTT 5 Clean Start. */
  readonly clean?: boolean
  readonly keepAlive?: number
  readonly will?: WillFields
  readonly username?: Text
  readonly password?: Text
  /** The Connect Flags byte itself; the fields present stay those given. */
  readonly flags?: number
}

export interface PublishFields extends WithProperties {
  readonly topic: Text
  readonly payload?: Text
  readonly qos?: number
  readonly retain?: boolean
  readonly dup?: boolean
  /** By default present, and 1, if QoS is not 0. */
  readonly id?: number | null
}

export interface AcknowledgementFields extends WithProperties {
  readonly id: number
  /** MQTT 5 only. Not given, and no properties: the short form. */
  readonly reason?: number
}

export interface FilterFields {
  readonly filter: Text
  readonly qos?: number
  readonly noLocal?: boolean
  readonly retainAsPublished?: boolean
  readonly retainHandling?: number
  /** The options byte itself; `null` leaves it out. */
  readonly options?: number | null
}

export interface SubscribeFields extends WithProperties {
  readonly id?: number | null
  readonly filters: readonly (FilterFields | string)[]
}

export interface UnsubscribeFields extends WithProperties {
  readonly id?: number | null
  readonly filters: readonly Text[]
}

export interface ReasonFields extends WithProperties {
  readonly reason?: number
}

export type ProtocolVersion = 3 | 4 | 5

/** The client's packets in one version of the protocol. */
export class Packets {
  readonly version: ProtocolVersion

  constructor(version: ProtocolVersion) {
    this.version = version
  }

  connect(fields: ConnectFields = {}): Buffer {
    const { will, username, password, clientId = '' } = fields
    const body = [
      prefixed(fields.protocolName ?? (this.version === 3 ? 'MQIsdp' : 'MQTT')),
      u8(fields.protocolLevel ?? this.version),
      u8(fields.flags ?? connectFlags(fields)),
      u16(fields.keepAlive ?? 0),
      this.#properties(fields),
    ]
    if (clientId !== null) body.push(prefixed(clientId))
    if (will !== undefined) {
      body.push(this.#properties(will))
      if (will.topic !== null) body.push(prefixed(will.topic))
      if (will.payload !== null) body.push(prefixed(will.payload ?? ''))
    }
    if (username !== undefined) body.push(prefixed(username))
    if (password !== undefined) body.push(prefixed(password))
    return assemble(0x10, body, fields)
  }

  publish(fields: PublishFields): Buffer {
    const qos = fields.qos ?? 0
    const id = fields.id === undefined && qos > 0 ? 1 : fields.id
    const header = 0x30 | (fields.dup ? 8 : 0) | (qos << 1) | (fields.retain ? 1 : 0)
    const body = [prefixed(fields.topic)]
    if (id !== undefined && id !== null) body.push(u16(id))
    body.push(this.#properties(fields), raw(fields.payload ?? ''))
    return assemble(header, body, fields)
  }

  puback(id: number, fields: Partial<AcknowledgementFields> = {}): Buffer {
    return this.#acknowledgement(0x40, { id, ...fields })
  }

  pubrec(id: number, fields: Partial<AcknowledgementFields> = {}): Buffer {
    return this.#acknowledgement(0x50, { id, ...fields })
  }

  pubrel(id: number, fields: Partial<AcknowledgementFields> = {}): Buffer {
    return this.#acknowledgement(0x62, { id, ...fields })
  }

  pubcomp(id: number, fields: Partial<AcknowledgementFields> = {}): Buffer {
    return this.#acknowledgement(0x70, { id, ...fields })
  }

  subscribe(fields: SubscribeFields): Buffer {
    const body = identifier(fields.id)
    body.push(this.#properties(fields))
    for (const one of fields.filters) {
      const filter = typeof one === 'string' ? { filter: one } : one
      body.push(prefixed(filter.filter))
      if (filter.options !== null) body.push(u8(filter.options ?? subscriptionOptions(filter)))
    }
    return assemble(0x82, body, fields)
  }

  unsubscribe(fields: UnsubscribeFields): Buffer {
    const body = identifier(fields.id)
    body.push(this.#properties(fields))
    for (const filter of fields.filters) body.push(prefixed(filter))
    return assemble(0xa2, body, fields)
  }

  pingreq(broken: Broken = {}): Buffer {
    return assemble(0xc0, [], broken)
  }

  /** Without `reason` and properties: the short form, Remaining Length 0. */
  disconnect(fields: ReasonFields = {}): Buffer {
    return assemble(0xe0, this.#reason(fields), fields)
  }

  auth(fields: ReasonFields = {}): Buffer {
    return assemble(0xf0, this.#reason(fields), fields)
  }

  #acknowledgement(header: number, fields: AcknowledgementFields): Buffer {
    return assemble(header, [u16(fields.id), ...this.#reason(fields)], fields)
  }

  #reason(fields: ReasonFields): Buffer[] {
    if (fields.reason === undefined && fields.properties === undefined) return []
    const properties = fields.properties === undefined ? [] : [this.#properties(fields)]
    return [u8(fields.reason ?? 0), ...properties]
  }

  #properties(fields: { properties?: PropertySection | null; propertyLength?: number | Uint8Array }): Buffer {
    if (this.version !== 5 || fields.properties === null) return Buffer.alloc(0)
    return encodeProperties(fields.properties ?? {}, fields.propertyLength)
  }
}

export const v3 = new Packets(3)
export const v4 = new Packets(4)
export const v5 = new Packets(5)

function connectFlags({ clean = true, will, username, password }: ConnectFields): number {
  let flags = clean ? 0x02 : 0
  if (will !== undefined) flags |= 0x04 | ((will.qos ?? 0) << 3) | (will.retain ? 0x20 : 0)
  if (username !== undefined) flags |= 0x80
  if (password !== undefined) flags |= 0x40
  return flags
}

function subscriptionOptions({ qos = 0, noLocal, retainAsPublished, retainHandling = 0 }: FilterFields): number {
  return qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4)
}

function identifier(id: number | null | undefined): Buffer[] {
  return id === null ? [] : [u16(id ?? 1)]
}

function assemble(header: number, parts: readonly Uint8Array[], broken: Broken): Buffer {
  const whole = Buffer.concat([...parts, broken.trailing ?? Buffer.alloc(0)])
  const body = broken.cut === undefined ? whole : whole.subarray(0, broken.cut)
  const length = broken.remainingLength ?? body.length
  return Buffer.concat([u8(broken.header ?? header), typeof length === 'number' ? varint(length) : length, body])
}
