import type { Duplex } from 'node:stream'
import type { Acceptor, ListenerRules, Peer, Wire, WireEvents } from '../engine/ports.ts'

const inMemory: Peer = { transport: 'memory', address: '', port: 0, loopback: true, tls: null }

/** Milliseconds the other end has to take the end of the stream. */
const closeTimeout = 2_000

/** Lets a client in through any duplex stream, so that a broker can be used without a port. */
export function attachDuplex(stream: Duplex, acceptor: Acceptor, rules: ListenerRules): void {
  new DuplexWire(stream).open(acceptor, rules)
}

class DuplexWire implements Wire {
  readonly peer = inMemory
  readonly #stream: Duplex
  #events: WireEvents | null = null
  #cause: Error | null = null
  #ending = false
  #cutOff: NodeJS.Timeout | null = null

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  open(acceptor: Acceptor, rules: ListenerRules): void {
    const stream = this.#stream
    this.#events = acceptor.accept(this, rules)
    stream.on('error', (cause) => {
      this.#cause ??= cause
    })
    stream.on('drain', () => {
      if (!this.#ending) this.#events?.drained()
    })
    stream.on('close', () => this.#closed())
    stream.on('end', () => this.close())
    stream.on('data', (chunk: unknown) => this.#read(chunk))
    if (stream.destroyed) this.#closed()
  }

  write(bytes: Buffer): boolean {
    if (this.#ending || !this.#stream.writable) return false
    try {
      return this.#stream.write(bytes)
    } catch (cause) {
      // A stream of the embedder's own making may throw from its _write.
      this.#cause ??= cause instanceof Error ? cause : new Error(String(cause))
      this.destroy()
      return false
    }
  }

  pause(): void {
    if (!this.#ending) this.#stream.pause()
  }

  resume(): void {
    if (!this.#ending) this.#stream.resume()
  }

  close(): void {
    if (this.#ending) return
    this.#ending = true
    const stream = this.#stream
    this.#cutOff = setTimeout(() => stream.destroy(), closeTimeout)
    this.#cutOff.unref()
    // The stream closes when the other end has ended it too; one that does not is cut off. That is not waited for.
    stream.resume()
    stream.end(() => this.#tellClosed())
  }

  destroy(): void {
    this.#ending = true
    this.#stream.destroy()
  }

  #read(chunk: unknown): void {
    if (this.#ending) return
    const bytes = bytesOf(chunk)
    if (bytes !== null) this.#events?.data(bytes, bytes.length)
    else {
      this.#cause ??= new TypeError('the stream gave something that is not bytes')
      this.destroy()
    }
  }

  #closed(): void {
    this.#ending = true
    if (this.#cutOff !== null) clearTimeout(this.#cutOff)
    this.#tellClosed()
  }

  #tellClosed(): void {
    this.#events?.closed(this.#cause)
    this.#events = null
  }
}

function bytesOf(chunk: unknown): Buffer | null {
  if (Buffer.isBuffer(chunk)) return chunk
  if (typeof chunk === 'string') return Buffer.from(chunk)
  return chunk instanceof Uint8Array ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : null
}
