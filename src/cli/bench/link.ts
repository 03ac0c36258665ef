import { connect, type Socket } from 'node:net'
import { Intake, type PacketSink } from './intake.ts'
import { Output } from './output.ts'
import { sourceAddress } from './source-address.ts'
import { connectPacket, disconnectPacket, subscribePacket, type Template } from './wire.ts'

const keepAlive = 600
const openDeadline = 15_000
const closeDeadline = 3_000

// All links of a thread read into one buffer: each read is used up before the next one happens.
const shared = Buffer.allocUnsafeSlow(1_048_576)

/** What the links of one fleet have in common, and what they tell it. */
export interface LinkOwner {
  readonly host: string
  readonly port: number
  /** This link has output for the end of the turn. */
  dirty(link: Link): void
  /** A PUBLISH; its payload is [payload, end) of `bytes`, valid during the call. */
  message(link: Link, bytes: Buffer, payload: number, end: number, header: number): void
  /** A PUBLISH of this link was acknowledged with PUBACK or PUBCOMP. */
  acknowledged(link: Link): void
  /** A SUBSCRIBE after the first one was answered. */
  granted(link: Link, accepted: number, refused: number): void
  ponged(link: Link): void
  /** A link that was ready ended without being told to. */
  lost(link: Link, why: string): void
}

type State = 'idle' | 'opening' | 'ready' | 'closing' | 'closed'

/** One client connection of the generator: reads packets, answers acknowledgements, gathers output for one write a turn. */
export class Link implements PacketSink {
  readonly index: number
  readonly clientId: string
  readonly login = { username: '', password: '' }
  cleanSession = true
  sessionPresent = false
  /** Subscribed to while opening. */
  filter: string | null = null
  subscribeQos = 0
  sent = 0
  acked = 0
  received = 0
  isDirty = false
  isWanted = false
  readonly #owner: LinkOwner
  #state: State = 'idle'
  #socket: Socket | null = null
  #intake = new Intake()
  #output = new Output()
  #lastPacketId = 0
  #opened: (error: Error | null) => void = () => {}
  #closed: () => void = () => {}

  constructor(owner: LinkOwner, index: number, clientId: string) {
    this.#owner = owner
    this.index = index
    this.clientId = clientId
  }

  get ready(): boolean {
    return this.#state === 'ready'
  }

  /** Connects, and subscribes when there is a filter; rejects when either is refused or takes too long. */
  open(): Promise<void> {
    this.#state = 'opening'
    this.#lastPacketId = 0
    this.#intake = new Intake()
    this.#output = new Output()
    this.#connect()
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#fail('no answer while opening'), openDeadline)
      this.#opened = (error) => {
        clearTimeout(late)
        if (error === null) resolve()
        else reject(error)
      }
    })
  }

  /** Sends DISCONNECT and waits until the broker has closed the connection. */
  close(): Promise<void> {
    if (this.#state === 'closed' || this.#socket === null) return Promise.resolve()
    this.#state = 'closing'
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#socket?.destroy(), closeDeadline)
      this.#closed = () => {
        clearTimeout(late)
        resolve()
      }
      this.send(disconnectPacket)
    })
  }

  nextPacketId(): number {
    this.#lastPacketId = this.#lastPacketId === 0xffff ? 1 : this.#lastPacketId + 1
    return this.#lastPacketId
  }

  /** The buffer the output gathers in; another one after each `reserve`. */
  get out(): Buffer {
    return this.#output.bytes
  }

  /** Makes room for `size` bytes of output and returns where in `out` they go. */
  reserve(size: number): number {
    if (!this.isDirty) this.#owner.dirty(this)
    return this.#output.reserve(size)
  }

  send(bytes: Buffer): void {
    const at = this.reserve(bytes.length)
    this.out.set(bytes, at)
  }

  /** Sends one PUBLISH made of `template`; publisher and the running number of this link tell the receiver what it is. */
  publish(template: Template, due: number, publisher: number): void {
    const { bytes, qos, packetIdAt, payloadAt } = template
    const at = this.reserve(bytes.length)
    const { out } = this
    out.set(bytes, at)
    if (qos !== 0) out.writeUInt16BE(this.nextPacketId(), at + packetIdAt)
    this.stamp(at + payloadAt, due, publisher)
  }

  /** Fills in the first bytes of a payload at `at` of `out`. */
  stamp(at: number, due: number, publisher: number): void {
    const { out } = this
    out.writeDoubleLE(due, at)
    out.writeUInt32LE(publisher, at + 8)
    out.writeUInt32LE(this.sent++, at + 12)
  }

  flush(): void {
    if (this.#socket !== null) this.#output.flush(this.#socket)
  }

  destroy(): void {
    this.#state = 'closing'
    this.#socket?.destroy()
  }

  #connect(): void {
    const { host, port } = this.#owner
    const localAddress = sourceAddress(host, this.index)
    const socket = connect({
      host,
      port,
      noDelay: true,
      ...(localAddress === null ? {} : { localAddress }),
      onread: {
        buffer: shared,
        callback: (length) => {
          this.#read(length)
          return true
        },
      },
    })
    socket.on('error', (error) => this.#fail(error.message))
    socket.on('close', () => this.#ended())
    this.#socket = socket
    // Queued by the socket until it is connected.
    this.send(connectPacket(this.clientId, this.cleanSession, keepAlive, this.login))
  }

  #read(length: number): void {
    const wrong = this.#intake.take(shared, length, this)
    if (wrong !== null) this.#fail(wrong)
  }

  /** One packet from the broker; its body is [body, end). */
  packet(bytes: Buffer, header: number, body: number, end: number): void {
    const type = header >> 4
    if (type === 3) this.#message(bytes, header, body, end)
    else if (type === 4 || type === 7) this.#acknowledged()
    else if (type === 13) this.#owner.ponged(this)
    else if (end - body < 2) this.#fail(`the broker sent a packet of type ${type} that is too short`)
    else if (type === 5) this.#answer(0x62, bytes[body]!, bytes[body + 1]!)
    else if (type === 6) this.#answer(0x70, bytes[body]!, bytes[body + 1]!)
    else if (type === 2) this.#connected(bytes[body]!, bytes[body + 1]!)
    else if (type === 9) this.#subscribed(bytes, body + 2, end)
    else this.#fail(`the broker sent a packet of type ${type}`)
  }

  #message(bytes: Buffer, header: number, body: number, end: number): void {
    const qos = (header >> 1) & 3
    const topicEnd = body + 2 + ((bytes[body]! << 8) | bytes[body + 1]!)
    const payload = qos === 0 ? topicEnd : topicEnd + 2
    if (payload > end) {
      this.#fail('the broker sent a malformed PUBLISH')
      return
    }
    if (qos !== 0) this.#answer(qos === 1 ? 0x40 : 0x50, bytes[topicEnd]!, bytes[topicEnd + 1]!)
    this.received++
    this.#owner.message(this, bytes, payload, end, header)
  }

  #acknowledged(): void {
    this.acked++
    this.#owner.acknowledged(this)
  }

  #answer(header: number, high: number, low: number): void {
    const at = this.reserve(4)
    const { out } = this
    out[at] = header
    out[at + 1] = 2
    out[at + 2] = high
    out[at + 3] = low
  }

  #connected(flags: number, code: number): void {
    if (code !== 0) {
      this.#fail(`the broker refused the connection with code ${code}`)
      return
    }
    this.sessionPresent = (flags & 1) === 1
    if (this.filter === null) this.#becomeReady()
    else this.send(subscribePacket(this.nextPacketId(), [this.filter], this.subscribeQos))
  }

  #subscribed(bytes: Buffer, from: number, end: number): void {
    let refused = 0
    for (let at = from; at < end; at++) if (bytes[at]! >= 0x80) refused++
    if (this.#state === 'ready') this.#owner.granted(this, end - from - refused, refused)
    else if (refused > 0) this.#fail('the broker refused the subscription')
    else this.#becomeReady()
  }

  #becomeReady(): void {
    this.#state = 'ready'
    this.#opened(null)
  }

  #fail(why: string): void {
    const before = this.#state
    this.#state = 'closed'
    this.#socket?.destroy()
    if (before === 'opening') this.#opened(new Error(`connection ${this.index}: ${why}`))
    else if (before === 'ready') this.#owner.lost(this, why)
  }

  #ended(): void {
    this.#fail('closed by the broker')
    this.#closed()
  }
}
