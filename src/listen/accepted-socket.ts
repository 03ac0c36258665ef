// Accepted sockets that read into one buffer shared by all connections of the process, instead of a fresh Buffer for each
// read. Node offers that (`onread`) to outgoing sockets only. Its server creates the accepted socket itself, from a handle
// given to `onconnection` of the listening handle; taking that place lets us create the socket with `onread`, and only
// once. Where a version of Node has no such handle, the ordinary 'connection' and 'data' events do the same, slower.

import { type Server, Socket, type SocketConstructorOpts } from 'node:net'

/** What a socket tells its wire. `bytes` are valid during the call only. */
export interface SocketEvents {
  read(bytes: Buffer, length: number): void
  drained(): void
  failed(cause: Error): void
  /** The peer said it will send no more. */
  ended(): void
  closed(): void
}

/** A socket that keeps its wire in a field and tells it by itself: a listener for each event costs every connection dearly. */
export interface WiredSocket extends Socket {
  wire: SocketEvents | null
}

export class AcceptedSocket extends Socket implements WiredSocket {
  wire: SocketEvents | null = null

  constructor(handle: object) {
    super(intoShared(handle))
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const heard = event === 'error' || super.emit(event, ...values)
    tell(this.wire, event, values[0])
    return heard
  }
}

/** Tells a wire of an event of its socket; of reading `readIntoShared` tells. */
export function tell(wire: SocketEvents | null, event: string | symbol, cause: unknown): void {
  if (wire === null) return
  if (event === 'drain') wire.drained()
  else if (event === 'error') wire.failed(cause instanceof Error ? cause : new Error(String(cause)))
  else if (event === 'end') wire.ended()
  else if (event === 'close') wire.closed()
}

/** Sends the events of any socket to `wire`, which may replace an earlier one. */
export function wireSocket(socket: Socket, wire: SocketEvents): void {
  if (isWired(socket)) {
    socket.wire = wire
    return
  }
  socket.on('data', (bytes: Buffer) => wire.read(bytes, bytes.length))
  socket.on('drain', () => wire.drained())
  socket.on('error', (cause) => wire.failed(cause))
  socket.on('end', () => wire.ended())
  socket.on('close', () => wire.closed())
}

/**
 * Gives the handle of every connection of a listening server to `take`, which makes a socket of it. Answers false, and
 * changes nothing, when this Node does not have what it needs.
 */
export function acceptShared(
  server: Server,
  take: (handle: object) => void,
  failed: (status: number) => void,
): boolean {
  const listening: unknown = Reflect.get(server, '_handle')
  if (!isListeningHandle(listening)) return false
  listening.onconnection = (status, accepted) => {
    if (isStreamHandle(accepted)) take(accepted)
    else failed(status)
  }
  return true
}

const shared = Buffer.allocUnsafeSlow(65_536)

/** The option `onread` of sockets that report to a wire. */
export const readIntoShared = {
  buffer: shared,
  callback(this: unknown, length: number): boolean {
    if (isWired(this)) this.wire?.read(shared, length)
    return true
  },
}

/** Only the sockets made here and their like have this `onread`, and all of them have a wire. */
export function isWired(socket: unknown): socket is WiredSocket {
  return socket instanceof Socket && 'wire' in socket
}

function intoShared(handle: object): SocketConstructorOpts {
  const options = { onread: readIntoShared }
  Reflect.set(options, 'handle', handle)
  return options
}

interface ListeningHandle {
  onconnection: (status: number, accepted: unknown) => void
}

function isListeningHandle(handle: unknown): handle is ListeningHandle {
  return isObject(handle) && typeof Reflect.get(handle, 'onconnection') === 'function'
}

function isStreamHandle(handle: unknown): handle is object {
  return isObject(handle) && typeof Reflect.get(handle, 'useUserBuffer') === 'function'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
