import { connect, type TLSSocket } from 'node:tls'
import { type Idlers, idling } from './conn.ts'
import type { Figures, Job } from './load.ts'
import { sourceAddress } from './source-address.ts'
import type { UsageReader } from './usage.ts'
import { connectPacket } from './wire.ts'

const openAtOnce = 16
const openDeadline = 15_000
const accepted = 0x20

/** N idle connections over TLS, each with a full handshake, or resuming the session of the first. */
export async function runConnTls(job: Job, usage: UsageReader): Promise<Figures> {
  const { kind } = job.load
  const crowd = new Crowd(job)
  if (kind === 'conntls-resumed') await crowd.learnSession()
  return await idling(job, usage, crowd)
}

class Crowd implements Idlers {
  disconnects = 0
  readonly #job: Job
  readonly #sockets: TLSSocket[] = []
  #session: Buffer | null = null
  #leaving = false

  constructor(job: Job) {
    this.#job = job
  }

  /** Connects once to be given a session. */
  async learnSession(): Promise<void> {
    const socket = this.#connect(0)
    const session = await new Promise<Buffer>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the broker gave no TLS session')), openDeadline)
      // Of several tickets any one will do.
      socket.once('session', (bytes) => {
        clearTimeout(late)
        resolve(bytes)
      })
      socket.once('error', reject)
      socket.once('secureConnect', () => socket.write(connectPacket(`t${process.pid}-first`, true, 600)))
    })
    socket.destroy()
    this.#session = session
  }

  async open(): Promise<void> {
    const { clients: count } = this.#job.load
    let next = 0
    const oneAfterAnother = async (): Promise<void> => {
      while (next < count) await this.#open(next++)
    }
    await Promise.all(Array.from({ length: openAtOnce }, oneAfterAnother))
  }

  destroy(): void {
    this.#leaving = true
    for (const socket of this.#sockets) socket.destroy()
  }

  #open(index: number): Promise<void> {
    const socket = this.#connect(index)
    this.#sockets.push(socket)
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`connection ${index}: ${why}`))
      const late = setTimeout(() => fail('no answer while opening'), openDeadline)
      socket.once('secureConnect', () => {
        if (this.#session !== null && !socket.isSessionReused()) fail('the broker did not resume the session')
        socket.write(connectPacket(`t${process.pid}-${index}`, true, 600))
      })
      socket.once('data', (bytes: Buffer) => {
        clearTimeout(late)
        if (bytes[0] === accepted && bytes[3] === 0) resolve()
        else fail('the broker refused the connection')
      })
      socket.on('error', (error) => fail(error.message))
      socket.once('close', () => {
        if (!this.#leaving) this.disconnects++
      })
    })
  }

  #connect(index: number): TLSSocket {
    const { host, port } = this.#job
    const localAddress = sourceAddress(host, index)
    return connect({
      host,
      port,
      rejectUnauthorized: false,
      // Every broker knows this group, whichever version of OpenSSL it has.
      ecdhCurve: 'X25519',
      ...(this.#session === null ? {} : { session: this.#session }),
      ...(localAddress === null ? {} : { localAddress }),
    })
  }
}
