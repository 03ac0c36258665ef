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

/** A socket that keeps its wire in a field, so that all sockets share the same callbacks. */
export class AcceptedSocket extends Socket {
  wire: SocketEvents | null = null

  constructor(handle: object) {
    super(intoShared(handle))
    this.on('drain', onDrain).on('error', onError).on('end', onEnd).on('close', onClose)
  }
}

/** Sends the events of any socket to `wire`, which may replace an earlier one. */
export function wireSocket(socket: Socket, wire: SocketEvents): void {
  if (socket instanceof AcceptedSocket) {
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
 * Gives every connection of a listening server to `take` as an AcceptedSocket. Answers false, and changes nothing, when
 * this Node does not have what it needs.
 */
export function acceptShared(
  server: Server,
  take: (socket: Socket) => void,
  failed: (status: number) => void,
): boolean {
  const listening: unknown = Reflect.get(server, '_handle')
  if (!isListeningHandle(listening)) return false
  listening.onconnection = (status, accepted) => {
    if (isStreamHandle(accepted)) take(new AcceptedSocket(accepted))
    else failed(status)
  }
  return true
}

const shared = Buffer.allocUnsafeSlow(65_536)

const onread = {
  buffer: shared,
  callback(this: unknown, length: number): boolean {
    if (this instanceof AcceptedSocket && this.wire !== null) this.wire.read(shared, length)
    return true
  },
}

function intoShared(handle: object): SocketConstructorOpts {
  const options = { onread }
  Reflect.set(options, 'handle', handle)
  return options
}

function onDrain(this: AcceptedSocket): void {
  this.wire?.drained()
}

function onError(this: AcceptedSocket, cause: Error): void {
  this.wire?.failed(cause)
}

function onEnd(this: AcceptedSocket): void {
  this.wire?.ended()
}

function onClose(this: AcceptedSocket): void {
  this.wire?.closed()
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
