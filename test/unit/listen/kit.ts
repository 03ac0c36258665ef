import { type EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Acceptor, ListenerRules, Refusal, Wire, WireEvents } from '../../../src/engine/ports.ts'
import { type Listener, openListener } from '../../../src/listen/listener.ts'
import { defaultListener, type ListenerOptions } from '../../../src/listen/options.ts'

/** One connection as the engine would see it, written down. */
export class Connection implements WireEvents {
  readonly wire: Wire
  readonly rules: ListenerRules
  received = Buffer.alloc(0)
  /** Calls of `data`, and the buffers they came in. */
  readonly chunks: Buffer[] = []
  drains = 0
  /** Causes given to `closed`, one per call. */
  readonly ends: (Error | null)[] = []
  onData: (bytes: Buffer) => void = () => {}

  constructor(wire: Wire, rules: ListenerRules) {
    this.wire = wire
    this.rules = rules
  }

  data(bytes: Buffer, length: number): void {
    if (this.ends.length > 0) throw new Error('data after closed')
    this.chunks.push(bytes)
    const copy = Buffer.from(bytes.subarray(0, length))
    this.received = Buffer.concat([this.received, copy])
    this.onData(copy)
  }

  drained(): void {
    if (this.ends.length > 0) throw new Error('drained after closed')
    this.drains++
  }

  closed(cause: Error | null): void {
    this.ends.push(cause)
  }
}

/** An acceptor that takes everything and remembers it. */
export class Recorder implements Acceptor {
  readonly connections: Connection[] = []
  readonly refusals: Refusal[] = []
  onAccept: (connection: Connection) => void = () => {}

  accept(wire: Wire, rules: ListenerRules): WireEvents {
    const connection = new Connection(wire, rules)
    this.connections.push(connection)
    this.onAccept(connection)
    return connection
  }

  refused(refusal: Refusal): void {
    this.refusals.push(refusal)
  }

  /** The connection of this number, once it is there. */
  async connection(number = 0): Promise<Connection> {
    await until(() => this.connections.length > number, 'a connection')
    const connection = this.connections[number]
    if (connection === undefined) throw new Error('no connection')
    return connection
  }

  async refusal(number = 0): Promise<Refusal> {
    await until(() => this.refusals.length > number, 'a refusal')
    const refusal = this.refusals[number]
    if (refusal === undefined) throw new Error('no refusal')
    return refusal
  }
}

/** A listener on a free port of the loopback interface, closed with everything it accepted when the test ends. */
export async function listening(
  t: TestContext,
  recorder: Recorder,
  options: Partial<ListenerOptions> = {},
  clock = systemClock(),
): Promise<Listener> {
  const listener = await openListener({ ...defaultListener, port: 0, ...options }, recorder, silentLog, clock)
  t.after(async () => {
    await listener.close()
    for (const connection of recorder.connections) connection.wire.destroy()
  })
  return listener
}

export function portOf(listener: Listener): number {
  return Number(new URL(listener.url.replace(/^[a-z]+:/, 'http:')).port)
}

/** A connected client socket, destroyed when the test ends. */
export async function client(t: TestContext, listener: Listener, allowHalfOpen = false): Promise<Socket> {
  const socket = connect({ port: portOf(listener), host: '127.0.0.1', allowHalfOpen })
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** The first thing the next event of this name tells. */
export async function next(emitter: EventEmitter, event: string): Promise<unknown> {
  const values: readonly unknown[] = await once(emitter, event)
  return values[0]
}

/** Everything the socket reads until its end. */
export async function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks)
}

/** Waits for a condition that other events bring about; gives up with an error long after it must have come true. */
export async function until(condition: () => boolean, what = 'a condition'): Promise<void> {
  const deadline = performance.now() + 120_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Time for several turns of the event loop on both ends of a loopback connection. */
export async function roundTrips(t: TestContext): Promise<void> {
  const recorder = new Recorder()
  const listener = await listening(t, recorder)
  for (let i = 0; i < 3; i++) {
    const socket = await client(t, listener)
    socket.end('x')
    await everything(socket)
  }
}
