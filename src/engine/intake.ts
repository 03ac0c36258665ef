import { decodeReason } from '../packet/decode.ts'
import { Framer, type PacketSink } from '../packet/framer.ts'
import { Place } from '../packet/properties.ts'
import { Reason } from '../packet/reason.ts'
import { PacketType, type Version } from '../packet/types.ts'
import { acknowledged } from './acks.ts'
import { connect } from './connect.ts'
import { Connection, Phase } from './connection.ts'
import type { Core } from './core.ts'
import { auth } from './exchange.ts'
import type { ListenerRules, Wire, WireEvents } from './ports.ts'
import { publish } from './publish.ts'
import { Rate } from './rate.ts'
import type { Session } from './session.ts'
import { subscribe, unsubscribe } from './subscribe.ts'

/** What arrives on one network connection: cut into packets, each handed to who serves it. */
export class Intake implements WireEvents, PacketSink {
  readonly connection: Connection
  readonly #framer: Framer
  readonly #rate: Rate | null
  /** Reading stopped because the client does not take what is sent to it. */
  #stalled = false
  #begun = false
  readonly #present: Set<Intake>

  /** It is one of `present` until the network connection is gone. */
  constructor(core: Core, wire: Wire, rules: ListenerRules, present: Set<Intake>) {
    this.#present = present
    present.add(this)
    this.connection = new Connection(core, wire, rules)
    this.connection.resume = () => this.#resumeReading()
    this.#framer = new Framer(this, Math.min(core.settings.maximumConnectBytes, core.settings.maximumPacketSize))
    this.#rate =
      core.settings.messageRate + core.settings.byteRate > 0 ? new Rate(core, () => this.#resumeReading()) : null
  }

  data(bytes: Buffer, length: number): void {
    if (this.connection.phase === Phase.Closed) return
    this.connection.core.counters.bytesReceived += length
    // What does not begin with CONNECT is another protocol, and its next bytes are no length to wait for.
    if (!this.#begun && bytes[0] !== PacketType.Connect << 4)
      return this.connection.fail(Reason.ProtocolError, 'the first packet is not CONNECT')
    this.#begun = true
    this.#feed(bytes, length)
  }

  drained(): void {
    const { connection } = this
    connection.outbox.drained()
    if (this.#stalled && !connection.outbox.full) {
      this.#stalled = false
      connection.keepAlive()
      this.#resumeReading()
    }
    connection.session?.pump()
  }

  closed(cause: Error | null): void {
    this.connection.lost(cause)
    this.#present.delete(this)
  }

  packet(first: number, bytes: Buffer, start: number, end: number): boolean {
    const { connection } = this
    connection.lastHeard = connection.core.clock.now()
    connection.core.counters.packetsReceived++
    connection.recentPackets = (connection.recentPackets << 4) | (first >> 4)
    const session = connection.session
    if (connection.phase === Phase.Connected && session !== null)
      this.#serve(connection, session, first, bytes, start, end)
    else this.#open(connection, first, bytes, start, end)
    if (this.#rate !== null && first >> 4 === PacketType.Publish) this.#charge(this.#rate, end - start)
    return connection.phase !== Phase.Closed && !connection.waiting && !(this.#rate?.exhausted ?? false)
  }

  unframed(cause: 'length' | 'size'): void {
    if (cause === 'size') this.connection.fail(Reason.PacketTooLarge, `over ${this.#framer.maximum} bytes`)
    else this.connection.fail(Reason.MalformedPacket, 'a remaining length of more than four bytes')
  }

  #charge(rate: Rate, bytes: number): void {
    if (!rate.spend(bytes)) return
    if (this.connection.core.settings.ratePolicy === 'throttle') this.connection.wire.pause()
    else this.connection.fail(Reason.MessageRateTooHigh, 'more messages or bytes a second than one client may send')
  }

  #feed(bytes: Buffer | null, length: number): void {
    const { connection } = this
    try {
      if (bytes === null) this.#framer.resume()
      else this.#framer.feed(bytes, length)
    } catch (error) {
      connection.broken(error)
    }
    if (connection.outbox.full && connection.phase !== Phase.Closed && !this.#stalled) {
      this.#stalled = true
      connection.wire.pause()
      connection.stalled()
    }
  }

  #resumeReading(): void {
    if (this.connection.closed || this.connection.waiting || this.#stalled || this.#rate?.exhausted) return
    this.connection.wire.resume()
    this.#feed(null, 0)
  }

  #open(connection: Connection, first: number, bytes: Buffer, start: number, end: number): void {
    if (connection.phase === Phase.Opening && first === PacketType.Connect << 4) {
      this.#framer.maximum = connection.core.settings.maximumPacketSize
      return connect(connection, bytes, start, end)
    }
    if (connection.phase === Phase.Authenticating && first === PacketType.Auth << 4)
      return auth(connection, bytes, start, end)
    if (connection.phase === Phase.Authenticating && first === PacketType.Disconnect << 4)
      return connection.left(0, false)
    if (connection.phase === Phase.Authenticating && first >> 4 === PacketType.Auth)
      return connection.fail(Reason.MalformedPacket, 'reserved flags of the fixed header')
    connection.fail(
      Reason.ProtocolError,
      connection.phase === Phase.Opening ? 'the first packet is not CONNECT' : 'a packet before CONNACK',
    )
  }

  #serve(connection: Connection, session: Session, first: number, bytes: Buffer, start: number, end: number): void {
    const type = first >> 4
    if (type === PacketType.Publish) return publish(connection, first, bytes, start, end)
    if (!flagsFit(connection.version, type, first))
      return connection.fail(Reason.MalformedPacket, 'reserved flags of the fixed header')
    switch (type) {
      case PacketType.Puback:
      case PacketType.Pubrec:
      case PacketType.Pubrel:
      case PacketType.Pubcomp:
        return acknowledged(connection, session, type, bytes, start, end)
      case PacketType.Subscribe:
        return subscribe(connection, session, bytes, start, end)
      case PacketType.Unsubscribe:
        return unsubscribe(connection, session, bytes, start, end)
      case PacketType.Pingreq:
        return start === end
          ? connection.outbox.pingresp()
          : connection.fail(Reason.MalformedPacket, 'PINGREQ with a body')
      case PacketType.Disconnect:
        return disconnect(connection, session, bytes, start, end)
      case PacketType.Auth:
        return auth(connection, bytes, start, end)
      case PacketType.Connect:
        return connection.fail(Reason.ProtocolError, 'a second CONNECT') // [MQTT-3.1.0-2]
      default:
        return connection.fail(Reason.ProtocolError, 'a packet that only servers send')
    }
  }
}

/** The flags of the fixed header every packet but PUBLISH has [MQTT-2.1.3-1]; MQTT 3.1 lets a repeated one say DUP. */
function flagsFit(version: Version, type: number, first: number): boolean {
  const assured = type === PacketType.Pubrel || type === PacketType.Subscribe || type === PacketType.Unsubscribe
  const flags = first & (version === 3 && assured ? 0x06 : 0x0f)
  return flags === (assured ? 2 : 0)
}

/** DISCONNECT [MQTT 3.14]: the session may be given another expiry, unless it was to end with the connection. */
function disconnect(connection: Connection, session: Session, bytes: Buffer, start: number, end: number): void {
  const { settings } = connection.core
  if (connection.version !== 5) {
    return start === end ? connection.left(0, false) : connection.fail(Reason.MalformedPacket, 'DISCONNECT with a body')
  }
  const packet = decodeReason(bytes, start, end, Place.Disconnect, settings.maximumUserProperties)
  if ('fault' in packet) return connection.fail(packet.fault, packet.detail)
  if (!clientReasons.has(packet.reason))
    return connection.fail(Reason.ProtocolError, 'DISCONNECT with a reason code clients do not have')
  const expiry = packet.properties.sessionExpiryInterval
  if (expiry !== undefined) {
    if (expiry > 0 && session.expiryInterval === 0)
      return connection.fail(Reason.ProtocolError, 'a session expiry after none in CONNECT')
    session.expiryInterval = Math.min(expiry, settings.maximumSessionExpiry)
  }
  connection.left(packet.reason, packet.reason !== Reason.Success)
}

/** The DISCONNECT reason codes a client may send [MQTT-3.14.2-1]. */
const clientReasons: ReadonlySet<number> = new Set([
  0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9b,
])
