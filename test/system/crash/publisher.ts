import type { Random } from '../../fuzz/random.ts'
import type { Acknowledgement, ServerPacket } from '../../kit/decode.ts'
import type { Packets, PublishFields } from '../../kit/packets.ts'
import type { Ledger, Stream } from './ledger.ts'
import { Link } from './link.ts'
import type { Network } from './network.ts'
import { payloadOf } from './payload.ts'
import type { RetainedLedger } from './retained-ledger.ts'

/** One message between its first PUBLISH and its last acknowledgement. */
interface Outgoing {
  readonly fields: PublishFields & { readonly id: number }
  /** PUBREC came: from here on only PUBREL is sent again. */
  received: boolean
  readonly sent: () => void
  readonly acknowledged: () => void
}

export interface PublisherOptions {
  readonly name: string
  readonly qos: 1 | 2
  readonly packets: Packets
  readonly ledger: Ledger
  readonly retained: RetainedLedger
  readonly random: Random
  readonly network: Network
}

/** Messages on their way at the same time. */
const window = 16
const retainedTopics = 5

/**
 * A client with a session that publishes at one QoS and, after every new connection, sends again what was not
 * acknowledged, in its order and under its identifiers [MQTT-4.4.0-1]. It takes the lowest free identifier, so that
 * one given back is soon used again.
 */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #stream: Stream
  #outgoing: Outgoing[] = []
  #link: Link | null = null
  #ready = false
  #known = false
  #leaving = false
  #retainedValues = 0

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#stream = options.ledger.stream(options.name, options.qos)
  }

  /** The server has answered CONNECT on this connection. */
  get ready(): boolean {
    return this.#ready
  }

  get connected(): boolean {
    return this.#link !== null
  }

  get unacknowledged(): number {
    return this.#outgoing.length
  }

  get published(): number {
    return this.#stream.next
  }

  connect(): void {
    const { name: clientId, packets, ledger, network } = this.#options
    this.#leaving = false
    this.#link = new Link(network.port, packets, {
      packet: (packet) => this.#take(packet),
      forbidden: (why) => ledger.violate(`${clientId}: ${why}`),
      closed: () => this.#closed(),
    })
    this.#link.send(packets.connect({ clientId, clean: false, properties: { sessionExpiryInterval: 0xffff_ffff } }))
  }

  end(): void {
    this.#leaving = true
    this.#link?.end()
  }

  #closed(): void {
    if (this.#options.network.up && !this.#leaving) this.#wrong('lost its connection while the broker ran')
    this.#link = null
    this.#ready = false
  }

  /** Loses its connection with all that was on its way to it: acknowledgements it will have to ask for again. */
  cut(): void {
    this.#leaving = true
    this.#link?.destroy()
  }

  /** Publishes some messages, if there is room for them. */
  burst(): void {
    const { random } = this.#options
    if (!this.#ready) return
    for (let left = 1 + random.below(6); left > 0 && this.#outgoing.length < window; left--) {
      if (random.once(6)) this.#publishRetained()
      else this.#publishNumber()
    }
  }

  #publishNumber(): void {
    const { name, ledger } = this.#options
    const number = this.#stream.next
    this.#publish(
      { topic: `load/${name}`, payload: payloadOf(name, number) },
      () => this.#stream.sent(number),
      () => this.#stream.acknowledged(number, ledger.round),
    )
  }

  #publishRetained(): void {
    const { name, retained, random } = this.#options
    const topic = `keep/${name}/${random.below(retainedTopics)}`
    const value = random.once(4) ? null : `${name} keeps ${++this.#retainedValues}`
    const acknowledged = retained.sent(topic, value)
    this.#publish({ topic, payload: value ?? '', retain: true }, () => {}, acknowledged)
  }

  #publish(fields: PublishFields, sent: () => void, acknowledged: () => void): void {
    const { qos, packets } = this.#options
    const taken = new Set(this.#outgoing.map(({ fields: { id } }) => id))
    let id = 1
    while (taken.has(id)) id++
    const outgoing: Outgoing = { fields: { ...fields, qos, id }, received: false, sent, acknowledged }
    this.#outgoing.push(outgoing)
    outgoing.sent()
    this.#link?.send(packets.publish(outgoing.fields))
  }

  #take(packet: ServerPacket): void {
    if (packet.type === 'connack') this.#welcome(packet.code, packet.sessionPresent)
    else if (packet.type === 'puback' || packet.type === 'pubrec' || packet.type === 'pubcomp') this.#answered(packet)
    else if (packet.type !== 'disconnect' || this.#options.network.up) this.#wrong(`got ${packet.type}`)
  }

  #welcome(code: number, present: boolean): void {
    if (code !== 0) return this.#wrong(`was refused with ${code}`)
    if (present !== this.#known) this.#wrong(`got Session Present ${Number(present)}`)
    this.#known = true
    this.#ready = true
    const { packets } = this.#options
    for (const { fields, received, sent } of this.#outgoing) {
      if (!received) sent()
      this.#link?.send(received ? packets.pubrel(fields.id) : packets.publish({ ...fields, dup: true }))
    }
  }

  /** Only PUBREC, after which PUBREL follows, leaves something to be done. */
  #answered({ type, id, code }: Acknowledgement): void {
    const outgoing = this.#outgoing.find(({ fields }) => fields.id === id)
    if (outgoing === undefined) return this.#wrong(`got ${type} for identifier ${id}, which it does not use`)
    const late = type === 'pubcomp' && code === 0x92
    if (code !== 0 && !late) {
      const keeps = outgoing.fields.retain === true && code === 0x10
      if (!keeps) this.#wrong(`got ${type} with code ${code} for identifier ${id}`)
    }
    const { qos, packets } = this.#options
    if (qos === 1 ? type !== 'puback' : type === 'puback' || (type === 'pubcomp' && !outgoing.received))
      this.#wrong(`got ${type} for identifier ${id} at QoS ${qos}`)
    if (type !== 'pubcomp') outgoing.acknowledged()
    if (type !== 'pubrec') {
      this.#outgoing.splice(this.#outgoing.indexOf(outgoing), 1)
      return
    }
    outgoing.received = true
    this.#link?.send(packets.pubrel(id))
  }

  #wrong(what: string): void {
    this.#options.ledger.violate(`${this.#options.name} ${what}`)
  }
}
