// Sockets of accepted connections, directly over their handles: they read into one buffer shared by all connections of the
// process, tell a wire instead of listeners, and keep nothing of what the operating system takes at once. Node's server
// makes a socket of its own of each handle given to `onconnection` of the listening handle; taking that place lets us.

import type { Server } from 'node:net'
import { getSystemErrorName } from 'node:util'
import {
  isSystemHandle,
  nodeStreams,
  owner,
  type StreamHandle,
  type StreamOwner,
  type StreamRequest,
  type SystemHandle,
} from './node-streams.ts'

/** What a socket tells its wire. `bytes` are valid during the call only. */
export interface SocketEvents {
  read(bytes: Buffer, length: number): void
  drained(): void
  failed(cause: Error): void
  /** The peer said it will send no more. */
  ended(): void
  closed(): void
}

/** Bytes that may wait to be written before the writer is asked to stop, as in Node's sockets. */
const highWaterMark = 65_536

/** The buffer all sockets read into. */
const shared = Buffer.allocUnsafeSlow(65_536)

// Without them there is no handle to make a socket of.
const node = nodeStreams!

/** Does what a wire needs of Node's sockets, in the same words. */
export class AcceptedSocket implements StreamOwner {
  wire: SocketEvents | null = null
  /** Bytes the operating system has not taken yet. */
  writableLength = 0
  destroyed = false
  /** It is destroyed, and has told of it. */
  closed = false
  readonly #connection: SystemHandle
  readonly #handle: StreamHandle
  /** What is to be written when the write before is done: TLS sessions take one at a time. */
  #waiting: Buffer[] | null = null
  #reading = false
  #writing = false
  #full = false
  #state: 'open' | 'ending' | 'ended' = 'open'
  #peerEnded = false

  /** `handle` is what is read and written: the connection, or a TLS session over it. */
  constructor(connection: SystemHandle, handle: StreamHandle = connection) {
    this.#connection = connection
    this.#handle = handle
    connection[owner] = this
    handle[owner] = this
    handle.onread = onRead
    handle.useUserBuffer(shared)
    this.resume()
  }

  get writable(): boolean {
    return this.#state === 'open' && !this.destroyed
  }

  /** Where the other end is; nothing of it when the connection was reset already, and for unix sockets. */
  get peer(): { readonly address?: string; readonly port?: number } {
    const found: { address?: string; port?: number } = {}
    if (!this.destroyed) this.#connection.getpeername?.(found)
    return found
  }

  setNoDelay(on: boolean): void {
    this.#connection.setNoDelay?.(on)
  }

  setKeepAlive(on: boolean, milliseconds: number): void {
    this.#connection.setKeepAlive?.(on, milliseconds / 1_000)
  }

  /** False asks to write no more until it is drained. The bytes must stay as they are. */
  write(bytes: Buffer): boolean {
    if (!this.writable) return false
    this.writableLength += bytes.length
    if (this.#writing) (this.#waiting ??= []).push(bytes)
    else this.#send(bytes)
    if (this.writableLength < highWaterMark) return true
    this.#full = true
    return false
  }

  pause(): void {
    if (this.destroyed || !this.#reading) return
    this.#reading = false
    this.#handle.readStop()
  }

  resume(): void {
    if (this.destroyed || this.#reading) return
    this.#reading = true
    const status = this.#handle.readStart()
    if (status !== 0) this.#failWith('read', status)
  }

  /** Sends what is still to be sent, and then the end. */
  end(): void {
    if (!this.writable) return
    this.#state = 'ending'
    if (!this.#writing) this.#shutDown()
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#connection.close(onClose)
  }

  /** Something was read, or the end, or an error. */
  read(length: number): void {
    if (this.destroyed || length === 0) return
    if (length > 0) this.wire?.read(shared, length)
    else if (getSystemErrorName(length) === 'EOF') this.#readEnd()
    else this.#failWith('read', length)
  }

  written(length: number, status: number): void {
    if (this.destroyed) return
    this.writableLength -= length
    this.#writing = false
    if (status < 0) this.#failWith('write', status)
    else this.#sendWaiting()
    if (this.#writing || this.destroyed) return
    if (this.#state === 'ending') this.#shutDown()
    else if (this.#full) {
      this.#full = false
      this.wire?.drained()
    }
  }

  /** The end was sent. Nothing but the peer's is left to come. */
  shut(): void {
    this.#state = 'ended'
    if (this.#peerEnded) this.destroy()
  }

  gone(): void {
    this.closed = true
    this.#waiting = null
    this.wire?.closed()
  }

  fail(cause: Error): void {
    if (this.destroyed) return
    this.wire?.failed(cause)
    this.destroy()
  }

  #send(bytes: Buffer): void {
    const request = new node.WriteRequest()
    request.handle = this.#handle
    request.buffer = bytes
    request.oncomplete = onWritten
    const status = this.#handle.writeBuffer(request, bytes)
    if (status !== 0) this.#failWith('write', status)
    else if (node.lastWriteWaits()) this.#writing = true
    else this.writableLength -= bytes.length
  }

  #sendWaiting(): void {
    const waiting = this.#waiting
    if (waiting === null) return
    this.#waiting = null
    this.#send(waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting))
  }

  #readEnd(): void {
    this.#peerEnded = true
    this.wire?.ended()
    if (this.#state === 'ended') this.destroy()
    else this.end()
  }

  #shutDown(): void {
    const request = new node.ShutdownRequest()
    request.handle = this.#handle
    request.oncomplete = onShut
    const status = this.#handle.shutdown(request)
    // 1: there was nothing to wait for.
    if (status === 1 || (status < 0 && getSystemErrorName(status) === 'ENOTCONN')) this.shut()
    else if (status !== 0) this.#failWith('shutdown', status)
  }

  #failWith(call: string, status: number): void {
    const code = getSystemErrorName(status)
    this.fail(Object.assign(new Error(`${call} ${code}`), { errno: status, code, syscall: call }))
  }
}

function onRead(this: StreamHandle): void {
  this[owner].read(node.lastRead())
}

function onWritten(this: StreamRequest, status: number): void {
  this.handle[owner].written(this.buffer.length, status)
}

function onShut(this: StreamRequest): void {
  this.handle[owner].shut()
}

function onClose(this: SystemHandle): void {
  this[owner].gone()
}

/**
 * Gives the handle of every connection of a listening server to `take`, which makes a socket of it. Answers false, and
 * changes nothing, when this Node does not have what it needs.
 */
export function acceptHandles(
  server: Server,
  take: (handle: SystemHandle) => void,
  failed: (status: number) => void,
): boolean {
  const listening: unknown = Reflect.get(server, '_handle')
  if (nodeStreams === null || !isListeningHandle(listening)) return false
  listening.onconnection = (status, accepted) => {
    if (isSystemHandle(accepted)) take(accepted)
    else failed(status)
  }
  return true
}

interface ListeningHandle {
  onconnection: (status: number, accepted: unknown) => void
}

function isListeningHandle(handle: unknown): handle is ListeningHandle {
  return typeof handle === 'object' && handle !== null && typeof Reflect.get(handle, 'onconnection') === 'function'
}
