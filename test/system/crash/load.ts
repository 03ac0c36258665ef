import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../../fuzz/random.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Ledger } from './ledger.ts'
import type { Network } from './network.ts'
import { Publisher } from './publisher.ts'
import { RetainedLedger } from './retained-ledger.ts'
import { Sessions } from './sessions.ts'
import { Subscriber } from './subscriber.ts'

/** Milliseconds between bursts. */
const pace = 12
/** Milliseconds until what must happen counts as never happening. */
const patience = 10_000

/** Publishers and subscribers with sessions, and the ledger of what they were promised. */
export class Load {
  readonly ledger = new Ledger()
  readonly network: Network = { up: false, port: 0 }
  readonly random: Random
  readonly #retained = new RetainedLedger()
  readonly #sessions = new Sessions(this.ledger)
  readonly #publishers: readonly Publisher[]
  readonly #subscribers: readonly Subscriber[]
  readonly #timer: NodeJS.Timeout
  #publishing = false

  constructor(seed: number) {
    this.random = new Random(seed)
    const shared = { ledger: this.ledger, network: this.network, random: this.random, retained: this.#retained }
    this.#publishers = [
      new Publisher({ ...shared, name: 'p1', qos: 1, packets: v5 }),
      new Publisher({ ...shared, name: 'p2', qos: 2, packets: v5 }),
      new Publisher({ ...shared, name: 'p3', qos: 1, packets: v4 }),
      new Publisher({ ...shared, name: 'p4', qos: 2, packets: v4 }),
    ]
    this.#subscribers = [
      new Subscriber({ ...shared, name: 's1', qos: 1, packets: v5, receiveMaximum: 12, restless: false }),
      new Subscriber({ ...shared, name: 's2', qos: 2, packets: v4, receiveMaximum: 65_535, restless: false }),
      new Subscriber({ ...shared, name: 's3', qos: 1, packets: v4, receiveMaximum: 65_535, restless: true }),
      new Subscriber({ ...shared, name: 's4', qos: 2, packets: v5, receiveMaximum: 30, restless: true }),
    ]
    this.#timer = setInterval(() => this.#tick(), pace)
  }

  /** How many messages were published, and how many sessions were made. */
  get extent(): { readonly messages: number; readonly sessions: number } {
    return {
      messages: this.#publishers.reduce((sum, { published }) => sum + published, 0),
      sessions: this.#sessions.count,
    }
  }

  /** Everybody connects for the first time and subscribes; then the load begins. */
  async begin(port: number): Promise<void> {
    this.#goUp(port)
    for (const client of this.#clients) client.connect()
    await this.#until('everybody is connected', () => this.#clients.every(({ ready }) => ready))
    this.#publishing = true
  }

  /** Call it before the broker goes down. */
  down(): void {
    this.network.up = false
    this.ledger.round++
  }

  /** The broker is back: what is retained is looked at, then everybody returns, the load goes on. */
  async back(port: number): Promise<void> {
    await this.#until('the connections are closed', () => this.#clients.every(({ connected }) => !connected))
    this.network.port = port
    await this.#checkRetained()
    this.network.up = true
    void this.#sessions.make(this.network)
  }

  /** Stops publishing, lets everything arrive, and completes the ledger. */
  async finish(): Promise<void> {
    this.#publishing = false
    await this.#settle()
    this.ledger.close()
    await this.#checkRetained()
    await this.#sessions.check(this.network)
  }

  /** After an orderly restart with nothing outstanding nobody is sent anything; the ledger would notice. */
  async rest(port: number): Promise<void> {
    await this.#until('the connections are closed', () => this.#clients.every(({ connected }) => !connected))
    this.#goUp(port)
    await this.#settle()
  }

  end(): void {
    clearInterval(this.#timer)
    this.network.up = false
    for (const client of this.#clients) client.end()
  }

  get #clients(): readonly (Publisher | Subscriber)[] {
    return [...this.#publishers, ...this.#subscribers]
  }

  #goUp(port: number): void {
    this.network.port = port
    this.network.up = true
  }

  /** Publishes, and brings back who was cut off. Publishers lose connections, and the restless come and go. */
  #tick(): void {
    if (!this.network.up) return
    const { random } = this
    for (const publisher of this.#publishers) {
      if (!publisher.connected && (!this.#publishing || random.once(6))) publisher.connect()
      if (this.#publishing) publisher.burst()
      if (this.#publishing && publisher.ready && random.once(30)) publisher.cut()
    }
    for (const subscriber of this.#subscribers) {
      const restless = subscriber.options.restless && this.#publishing
      if (!subscriber.connected && (!restless || random.once(12))) subscriber.connect()
      else if (subscriber.ready && restless && random.once(20)) subscriber.end()
    }
  }

  /** Until everything acknowledged has arrived, or nothing more comes. */
  async #settle(): Promise<void> {
    await this.#until('everything is acknowledged', () => {
      const idle = this.#publishers.every(({ ready, unacknowledged }) => ready && unacknowledged === 0)
      return idle && this.#subscribers.every(({ ready }) => ready)
    })
    await this.#arrive()
    for (const subscriber of this.#subscribers) subscriber.ping()
    await this.#until('the subscribers are done', () => this.#subscribers.every(({ quiet }) => quiet))
  }

  /** Until everything acknowledged is where it must be, or nothing has come for a while. */
  async #arrive(): Promise<void> {
    let least = this.ledger.outstanding
    for (let end = Date.now() + 3_000; least > 0 && Date.now() < end; await sleep(50)) {
      const { outstanding } = this.ledger
      if (outstanding < least) end = Date.now() + 3_000
      least = Math.min(least, outstanding)
    }
  }

  async #until(what: string, met: () => boolean): Promise<void> {
    for (const end = Date.now() + patience; !met(); await sleep(20)) {
      if (Date.now() > end) return this.ledger.violate(`never happened: ${what}`)
    }
  }

  /** What a new subscriber gets while nobody publishes. It may take a while to come. */
  async #checkRetained(): Promise<void> {
    const watcher = await WireClient.open({ host: '127.0.0.1', port: this.network.port }, v5)
    watcher.send(v5.connect({ clientId: 'watcher' }))
    await watcher.expect('connack', { code: 0 })
    await watcher.subscribe('keep/#')
    const found = new Map<string, string>()
    const collect = async () => {
      for (const packet of await watcher.drain()) {
        if (packet.type === 'publish') found.set(packet.topic, packet.payload.toString())
      }
      return this.#retained.mistakes(found)
    }
    let mistakes = await collect()
    for (const end = Date.now() + 2_000; mistakes.length > 0 && Date.now() < end; mistakes = await collect()) {
      await sleep(20)
    }
    for (const mistake of mistakes) this.ledger.violate(mistake)
    await watcher.disconnect()
  }
}
