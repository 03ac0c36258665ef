import { connect } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { Broker } from '../../src/index.ts'
import { decode, packetSize } from '../kit/decode.ts'
import type { Assault } from './assault.ts'

const kept = 4_000_000

/** One hostile client of a broker in this process. */
export class HostileClient {
  readonly #stream: Duplex
  readonly #received: Buffer[] = []
  #size = 0

  constructor(stream: Duplex, reads: boolean) {
    this.#stream = stream
    stream.on('error', () => {})
    if (reads) stream.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  static inMemory(broker: Broker, reads: boolean): HostileClient {
    const [here, there] = duplexPair()
    broker.attach(there)
    return new HostileClient(here, reads)
  }

  static overSocket(broker: Broker, reads: boolean): HostileClient {
    const port = broker.addresses[0]?.port ?? 0
    return new HostileClient(connect({ host: '127.0.0.1', port, noDelay: true }), reads)
  }

  async run({ pieces, pace, leaves }: Assault): Promise<void> {
    for (const piece of pieces) {
      if (!this.#stream.writable) break
      this.#stream.write(piece)
      for (let count = 0; count < pace; count++) await turn()
    }
    if (leaves === 'end') this.#stream.end()
    if (leaves === 'destroy') this.destroy()
  }

  /** Resets the connection. Without an error a duplex pair would only end, which a paused reader never learns. */
  destroy(): void {
    this.#stream.destroy(new Error('connection reset'))
  }

  /** Why what the broker sent is not MQTT of any version, or null when it is; its last packet may be cut. */
  complaint(): string | null {
    const bytes = Buffer.concat(this.#received)
    const complaints = ([3, 4, 5] as const).map((version) => complaintOf(version, bytes))
    return complaints.includes(null) ? null : `${complaints.join('; ')}: ${bytes.subarray(0, 300).toString('hex')}`
  }

  #take(chunk: Buffer): void {
    if (this.#size > kept) return
    this.#size += chunk.length
    this.#received.push(chunk)
  }
}

function complaintOf(version: 3 | 4 | 5, stream: Buffer): string | null {
  try {
    for (let at = 0; at < stream.length; ) {
      const rest = stream.subarray(at)
      const size = packetSize(rest)
      if (size === null || size > rest.length) return null
      decode(version, rest.subarray(0, size))
      at += size
    }
    return null
  } catch (error) {
    return `MQTT ${version}: ${String(error)}`
  }
}
