import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Acceptor, ListenerRules, Peer, Wire, WireEvents } from '../engine/ports.ts'
import type { Deadline, Deadlines } from './deadlines.ts'

/** RFC 6455, 7.4.1: an orderly end, and a kind of data that cannot be accepted. */
const normalClosure = 1_000
const unsupportedData = 1_003

/** A WebSocket as a wire: the bytes of all binary messages, one after the other [MQTT-6.0.0-2]. */
export class WebSocketWire implements Wire, Deadline {
  readonly peer: Peer
  readonly #websocket: WebSocket
  readonly #socket: Duplex
  readonly #closing: Deadlines
  #events: WireEvents | null = null
  #cause: Error | null = null
  #ending = false

  constructor(websocket: WebSocket, socket: Duplex, peer: Peer, closing: Deadlines) {
    this.#websocket = websocket
    this.#socket = socket
    this.peer = peer
    this.#closing = closing
  }

  /** Introduces the wire to the engine; from here on events flow. */
  open(acceptor: Acceptor, rules: ListenerRules): void {
    const websocket = this.#websocket
    websocket.on('error', (cause) => {
      this.#cause ??= cause
    })
    websocket.on('close', () => this.#closed())
    this.#socket.on('drain', () => {
      if (!this.#ending) this.#events?.drained()
    })
    this.#events = acceptor.accept(this, rules)
    websocket.on('message', (message, isBinary) => {
      if (!this.#ending && Buffer.isBuffer(message)) this.#message(message, isBinary)
    })
  }

  write(bytes: Buffer): boolean {
    const websocket = this.#websocket
    if (this.#ending || websocket.readyState !== websocket.OPEN) return false
    websocket.send(bytes)
    return !this.#socket.writableNeedDrain
  }

  pause(): void {
    if (!this.#ending) this.#websocket.pause()
  }

  resume(): void {
    if (!this.#ending) this.#websocket.resume()
  }

  close(): void {
    this.#close(normalClosure)
  }

  destroy(): void {
    this.#ending = true
    this.#websocket.terminate()
  }

  expire(): void {
    this.#websocket.terminate()
  }

  #message(message: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.#events?.data(message, message.length)
      return
    }
    this.#cause ??= new Error('the client sent a text frame') // [MQTT-6.0.0-1]
    this.#close(unsupportedData)
  }

  #close(code: number): void {
    if (this.#ending) return
    this.#ending = true
    this.#closing.add(this)
    this.#websocket.resume()
    this.#websocket.close(code)
  }

  #closed(): void {
    const events = this.#events
    if (events === null) return
    this.#events = null
    this.#ending = true
    this.#closing.remove(this)
    events.closed(this.#cause)
  }
}
