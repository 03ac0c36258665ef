import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Broker, createBroker, type JournalEvent, type ListenRequest, type Settings } from '../../../src/index.ts'
import { Canary } from '../../fuzz/canary.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import type { ConnectFields, Packets } from '../../kit/packets.ts'
import { fresh } from '../../kit/target.ts'
import { WireClient } from '../../kit/wire-client.ts'

export interface ArenaOptions {
  readonly settings?: Partial<Settings>
  readonly listener?: Omit<ListenRequest, 'url'>
}

const patience = 120_000

/** A broker on a real port, a canary that must not notice anything, and the means to attack. Time stands still. */
export class Arena implements AsyncDisposable {
  readonly broker: Broker
  readonly canary: Canary
  readonly clock: FakeClock
  readonly events: JournalEvent[] = []
  readonly #errors: string[]
  readonly #sockets: Socket[] = []
  readonly #clients: WireClient[] = []

  constructor(broker: Broker, canary: Canary, clock: FakeClock, errors: string[]) {
    this.broker = broker
    this.canary = canary
    this.clock = clock
    this.#errors = errors
    broker.observe((event) => this.events.push(event))
  }

  static async open({ settings = {}, listener = {} }: ArenaOptions = {}): Promise<Arena> {
    const clock = new FakeClock()
    const errors: string[] = []
    const nothing = () => {}
    const log = { debug: nothing, info: nothing, warn: nothing, error: (message: string) => errors.push(message) }
    const listen = [{ url: 'mqtt://127.0.0.1:0', ...listener }]
    const broker = await createBroker({ listen, settings, clock, log })
    return new Arena(broker, await Canary.connect(broker, `canary${fresh()}`), clock, errors)
  }

  /** A connection that says nothing, from an address of this machine that is not the canary's. */
  async socket(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: portOf(this.broker), localAddress: '127.0.0.2', noDelay: true })
    this.#sockets.push(socket)
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  /** A connected client that reads what it is sent. */
  async client(packets: Packets, fields: ConnectFields = {}): Promise<WireClient> {
    const client = new WireClient(await this.socket(), packets)
    this.#clients.push(client)
    client.send(packets.connect({ clientId: fresh(), ...fields }))
    await client.expect('connack', { code: 0 })
    return client
  }

  /** A connected client that reads no more after CONNACK, and what else comes before SUBACK. */
  async deafClient(
    packets: Packets,
    fields: ConnectFields,
    filters: readonly { filter: string; qos: number }[],
  ): Promise<Socket> {
    const socket = await this.socket()
    const client = new WireClient(socket, packets)
    client.send(packets.connect({ clientId: fresh(), ...fields }))
    await client.expect('connack', { code: 0 })
    if (filters.length > 0) await client.subscribe(...filters)
    socket.pause()
    return socket
  }

  /** Waits for something that must come to pass, however slow the machine. */
  async until(what: string, met: () => boolean): Promise<void> {
    for (const end = Date.now() + patience; !met(); await sleep(5)) {
      if (Date.now() > end) assert.fail(`never happened: ${what}`)
    }
  }

  /** The reasons this client, or clients without a name, were cut off or refused for. */
  ends(clientId: string): number[] {
    return this.events
      .filter((event) => event.kind === 'disconnected' || event.kind === 'refused')
      .filter((event) => event.clientId === clientId)
      .map((event) => event.reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    for (const client of this.#clients) client.destroy()
    this.canary.destroy()
    await this.broker.close()
    assert.deepEqual(this.#errors, [], 'internal errors')
  }
}

function portOf(broker: Broker): number {
  return broker.addresses[0]?.port ?? 0
}
