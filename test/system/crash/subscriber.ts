import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../fuzz/random.ts'
import type { Publish, ServerPacket } from '../../kit/decode.ts'
import type { Packets } from '../../kit/packets.ts'
import type { Ledger } from './ledger.ts'
import { Link } from './link.ts'
import type { Network } from './network.ts'
import { readPayload } from './payload.ts'
import type { Receipts } from './receipts.ts'

export interface SubscriberOptions {
  readonly name: string
  readonly qos: 1 | 2
  readonly packets: Packets
  /** Messages it takes without acknowledging them; MQTT 5. */
  readonly receiveMaximum: number
  /** Leaves and returns by itself. */
  readonly restless: boolean
  readonly ledger: Ledger
  readonly random: Random
  readonly network: Network
}

interface Answer {
  readonly bytes: Buffer
  /** The identifier the client gives back by sending this. */
  readonly releases: number | null
}

/** Milliseconds an acknowledgement waits, at most. */
const hesitation = 15

/** A client with a session that subscribes to everything once and acknowledges in order, sometimes late. */
export class Subscriber {
  readonly options: SubscriberOptions
  readonly #receipts: Receipts
  #link: Link | null = null
  #ready = false
  #known = false
  #leaving = false
  #subscribed = false
  #answers: Answer[] = []
  #answering = false
  #pings = 0

  constructor(options: SubscriberOptions) {
    this.options = options
    this.#receipts = options.ledger.receipts(options.name, options.qos)
  }

  get connected(): boolean {
    return this.#link !== null
  }

  get ready(): boolean {
    return this.#ready && this.#subscribed
  }

  /** All acknowledgements went out, and the server has answered the PINGREQ that followed them. */
  get quiet(): boolean {
    return this.ready && this.#answers.length === 0 && this.#pings === 0
  }

  connect(): void {
    const { name: clientId, packets, ledger, network, receiveMaximum } = this.options
    this.#answers = []
    this.#pings = 0
    this.#leaving = false
    this.#link = new Link(network.port, packets, {
      packet: (packet) => this.#take(packet),
      forbidden: (why) => ledger.violate(`${clientId}: ${why}`),
      closed: () => this.#closed(),
    })
    const properties = { sessionExpiryInterval: 0xffff_ffff, receiveMaximum }
    this.#link.send(packets.connect({ clientId, clean: false, properties }))
  }

  end(): void {
    this.#leaving = true
    this.#link?.end()
  }

  #closed(): void {
    if (this.options.network.up && !this.#leaving) this.#wrong('lost its connection while the broker ran')
    this.#link = null
    this.#ready = false
  }

  ping(): void {
    this.#pings++
    this.#link?.send(this.options.packets.pingreq())
  }

  #take(packet: ServerPacket): void {
    switch (packet.type) {
      case 'connack':
        return this.#welcome(packet.code, packet.sessionPresent)
      case 'suback':
        this.#subscribed = packet.codes[0] === this.options.qos
        return this.#subscribed ? undefined : this.#wrong(`got SUBACK with ${packet.codes.join()}`)
      case 'publish':
        return this.#arrived(packet)
      case 'pubrel':
        this.#receipts.release(packet.id)
        return this.#answer(this.options.packets.pubcomp(packet.id), null)
      case 'pingresp':
        this.#pings--
        return
      default:
        if (packet.type !== 'disconnect' || this.options.network.up) this.#wrong(`got ${packet.type}`)
    }
  }

  /** Subscribes when there is no session, which after the first time is a violation. */
  #welcome(code: number, present: boolean): void {
    const { packets, qos } = this.options
    if (code !== 0) return this.#wrong(`was refused with ${code}`)
    if (present !== this.#known) this.#wrong(`got Session Present ${Number(present)}`)
    this.#known = true
    this.#ready = true
    this.#receipts.connected()
    if (present) return
    this.#receipts.forget()
    this.#link?.send(packets.subscribe({ id: 1, filters: [{ filter: 'load/+', qos }] }))
  }

  #arrived({ payload, qos, dup, id }: Publish): void {
    const { packets } = this.options
    const message = readPayload(payload)
    if (message === null) this.#wrong(`got a payload nobody sent: ${payload.toString('latin1', 0, 60)}`)
    else this.#receipts.arrived({ ...message, qos, dup, id })
    if (qos === 1) this.#answer(packets.puback(id), id)
    if (qos === 2) this.#answer(packets.pubrec(id), null)
  }

  #answer(bytes: Buffer, releases: number | null): void {
    this.#answers.push({ bytes, releases })
    if (!this.#answering) void this.#answerLater()
  }

  /** Some of the answers go out at once, others after a while: the broker may be killed in between. */
  async #answerLater(): Promise<void> {
    const { random } = this.options
    this.#answering = true
    while (this.#answers.length > 0) {
      await sleep(random.once(3) ? random.below(hesitation) : 0)
      for (const { bytes, releases } of this.#answers.splice(0, 1 + random.below(20))) {
        if (!this.#ready) break
        if (releases !== null) this.#receipts.release(releases)
        this.#link?.send(bytes)
      }
    }
    this.#answering = false
  }

  #wrong(what: string): void {
    this.options.ledger.violate(`${this.options.name} ${what}`)
  }
}
