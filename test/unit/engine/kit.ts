import { openAuthenticator } from '../../../src/authn/open.ts'
import { openAuthorizer } from '../../../src/authz/open.ts'
import { type Log, silentLog } from '../../../src/base/log.ts'
import { Core } from '../../../src/engine/core.ts'
import { Message, never } from '../../../src/engine/message.ts'
import type { Authenticator, Authorizer, JournalEvent, Peer, Wire, WireEvents } from '../../../src/engine/ports.ts'
import { Reception } from '../../../src/engine/reception.ts'
import { RetainedTree } from '../../../src/engine/retained-tree.ts'
import { defaultSettings, type Settings } from '../../../src/engine/settings.ts'
import type { Qos } from '../../../src/packet/types.ts'
import { memoryStore } from '../../../src/store/stores.ts'
import type { TopicName } from '../../../src/topic/name.ts'
import { decode, type PacketOf, packetSize, type ServerPacket } from '../../kit/decode.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import type { ConnectFields, Packets } from '../../kit/packets.ts'

const peer: Peer = { transport: 'memory', address: '', port: 0, loopback: true, tls: null }

/** A network connection that writes down what it is given and takes as much as the test says. */
export class RecordingWire implements Wire {
  readonly peer = peer
  /** One entry for each call of `write`. */
  readonly writes: Buffer[] = []
  /** What `write` answers: false when the receiver is behind. */
  takes = true
  paused = false
  closed = false

  write(bytes: Buffer): boolean {
    this.writes.push(bytes)
    return this.takes
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  close(): void {
    this.closed = true
  }

  destroy(): void {
    this.closed = true
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes)
  }
}

interface BenchParts {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
}

/** The engine with nothing around it: bytes go in by hand, and come out in what the wires wrote down. */
export class Bench {
  readonly clock = new FakeClock()
  readonly events: JournalEvent[] = []
  readonly core: Core
  readonly reception: Reception

  constructor(settings: Partial<Settings> = {}, log: Log = silentLog, parts: Partial<BenchParts> = {}) {
    this.core = new Core({
      settings: { ...defaultSettings, ...settings },
      clock: this.clock,
      log,
      journal: { record: (event) => this.events.push(event) },
      authenticator: openAuthenticator,
      authorizer: openAuthorizer,
      store: memoryStore(new RetainedTree()),
      ...parts,
    })
    this.reception = new Reception(this.core)
  }

  /** A client with its CONNACK behind it. */
  async connect(packets: Packets, fields: ConnectFields = {}): Promise<BenchClient> {
    const client = new BenchClient(this.reception, packets)
    client.send(packets.connect({ clientId: `c${++clients}`, ...fields }))
    await turn()
    client.take()
    return client
  }

  topic(text: string): TopicName {
    const name = this.core.names.of(text)
    if (name === null) throw new Error(`${text} is no topic`)
    return name
  }

  message(topic: string, payload: string | Buffer, fields: MessageFields = {}): Message {
    const bytes = Buffer.from(payload)
    const { qos = 0, retain = false, expiresAt = never, publisher = '', properties = null } = fields
    return new Message(this.topic(topic), qos, retain, properties, expiresAt, publisher, bytes, 0, bytes.length)
  }

  /** Why messages were dropped, in order. */
  get drops(): string[] {
    return this.events.flatMap((event) => (event.kind === 'dropped' ? [event.why] : []))
  }

  [Symbol.dispose](): void {
    void this.core.close()
  }
}

export interface MessageFields {
  readonly qos?: Qos
  readonly retain?: boolean
  readonly expiresAt?: number
  readonly publisher?: string
  readonly properties?: Buffer | null
}

let clients = 0

export class BenchClient {
  readonly wire = new RecordingWire()
  readonly packets: Packets
  readonly #events: WireEvents
  #taken = 0

  constructor(reception: Reception, packets: Packets) {
    this.packets = packets
    this.#events = reception.accept(this.wire, {
      name: 'bench',
      connectTimeout: 10_000,
      allowAnonymous: true,
      durability: 'sync',
    })
  }

  /** In one read. */
  send(...parts: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(parts)
    this.#events.data(bytes, bytes.length)
  }

  /** The packets written since the last call. */
  take(): ServerPacket[] {
    const bytes = Buffer.concat(this.wire.writes.slice(this.#taken))
    this.#taken = this.wire.writes.length
    const packets: ServerPacket[] = []
    for (let at = 0; at < bytes.length; ) {
      const size = packetSize(bytes.subarray(at))
      if (size === null || at + size > bytes.length) throw new Error('a write ends inside a packet')
      packets.push(decode(this.packets.version, bytes.subarray(at, at + size)))
      at += size
    }
    return packets
  }

  /** The PUBLISH packets among those. */
  published(): PacketOf<'publish'>[] {
    return this.take().filter((packet): packet is PacketOf<'publish'> => packet.type === 'publish')
  }

  async subscribe(filter: string, qos: Qos = 0): Promise<this> {
    this.send(this.packets.subscribe({ id: 1, filters: [{ filter, qos }] }))
    await turn()
    this.take()
    return this
  }

  /** The wire takes more again. */
  drain(): void {
    this.wire.takes = true
    this.#events.drained()
  }

  lose(): void {
    this.#events.closed(null)
  }
}

/** Resolves when the broker has flushed what this turn of the event loop gave it to write. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
