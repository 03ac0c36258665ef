import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, type TestContext } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import type { Log } from '../../../src/base/log.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { TlsDetails } from '../../../src/engine/ports.ts'
import { type Listener, openListener } from '../../../src/listen/listener.ts'
import { defaultListener, type TlsOptions } from '../../../src/listen/options.ts'
import type { Supplies } from '../../../src/listen/supplies.ts'
import { makeCertificates, skip, type TestCertificates, tlsOptions } from './certificates.ts'
import { portOf, Recorder, until } from './kit.ts'

/** The certificates of a test file, removed after it. Empty without the openssl program: then every test is skipped. */
export function certificatesOfFile(): () => TestCertificates {
  const made = skip === false ? makeCertificates() : null
  after(() => made?.remove())
  return () => {
    if (made === null) throw new Error('not without openssl')
    return made
  }
}

export interface Opened {
  readonly listener: Listener
  readonly recorder: Recorder
}

interface Surroundings extends Supplies {
  readonly log?: Log
  readonly clock?: Clock
}

/** A TLS listener on a free port of the loopback interface, closed when the test ends. */
export async function openTls(
  t: TestContext,
  made: TestCertificates,
  options: Partial<TlsOptions> = {},
  { log = silentLog, clock = systemClock(), ...supplies }: Surroundings = {},
): Promise<Opened> {
  const recorder = new Recorder()
  const tls = tlsOptions(made, options)
  const all = { ...defaultListener, port: 0, transport: 'tls', tls } as const
  const listener = await openListener(all, recorder, log, clock, supplies)
  t.after(async () => {
    await listener.close()
    for (const { wire } of recorder.connections) wire.destroy()
  })
  return { listener, recorder }
}

/** A client whose handshake was begun; errors are the test's to listen to. */
export function begin(
  t: TestContext,
  made: TestCertificates,
  listener: Listener,
  options: ConnectionOptions = {},
): TLSSocket {
  const ca = readFileSync(made.path('ca.crt'))
  const socket = connect({ port: portOf(listener), host: '127.0.0.1', servername: 'localhost', ca, ...options })
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  return socket
}

export async function shaken(
  t: TestContext,
  made: TestCertificates,
  listener: Listener,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = begin(t, made, listener, options)
  await once(socket, 'secureConnect')
  return socket
}

/** The certificate and key of a name, for a client. */
export function pem(made: TestCertificates, name: string) {
  return { cert: readFileSync(made.path(`${name}.crt`)), key: readFileSync(made.path(`${name}.key`)) }
}

/** What the listener learned of the connection of this number. */
export async function detailsOf(recorder: Recorder, number: number): Promise<TlsDetails> {
  const { tls } = (await recorder.connection(number)).wire.peer
  if (tls === null) throw new Error('no TLS')
  return tls
}

/** A session a client can resume, from a connection that is ended. */
export async function sessionOf(
  t: TestContext,
  made: TestCertificates,
  { listener, recorder }: Opened,
  options: ConnectionOptions = {},
): Promise<Buffer> {
  const number = recorder.connections.length
  const socket = begin(t, made, listener, options)
  const sessions: Buffer[] = []
  socket.on('session', (session) => sessions.push(session))
  await recorder.connection(number)
  await until(() => sessions.length > 0, 'a session ticket')
  socket.destroy()
  return sessions.at(-1) ?? Buffer.alloc(0)
}

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that remembers. */
export class LogBook implements Log {
  readonly lines: Line[] = []
  readonly debug = this.#writer('debug')
  readonly info = this.#writer('info')
  readonly warn = this.#writer('warn')
  readonly error = this.#writer('error')

  /** The lines with this message. */
  of(message: string): readonly Line[] {
    return this.lines.filter((line) => line.message === message)
  }

  #writer(level: string) {
    return (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      this.lines.push({ level, message, fields })
    }
  }
}
