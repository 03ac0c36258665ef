// What Node makes its own sockets of: handles, which are connections of the operating system or TLS sessions over them, and
// the requests given to them. `net.Socket` and `TLSSocket` put general streams over a handle, which for a broker are most of
// what a connection costs in memory and much of what each small write costs in time. Node gives no promise about handles, so
// everything is looked at before it is used; where something is missing, as under its permission model, there are none.

import type { SecureContext } from 'node:tls'

/** Whom a handle tells. */
export interface StreamOwner {
  /** Bytes were read; 0 is nothing yet, below 0 an error of the system, the end (`EOF`) among them. */
  read(length: number): void
  written(length: number, status: number): void
  shut(): void
  gone(): void
}

/** Where a handle keeps its owner. */
export const owner: unique symbol = Symbol('owner')

/** A connection. Methods that answer a number answer 0 for success and below 0 an error of the system. */
export interface StreamHandle {
  [owner]: StreamOwner
  /** Called after each read; how much was read is `NodeStreams.lastRead`. */
  onread: (this: StreamHandle) => void
  useUserBuffer(buffer: Uint8Array): void
  readStart(): number
  readStop(): number
  writeBuffer(request: StreamRequest, bytes: Uint8Array): number
  shutdown(request: StreamRequest): number
}

/** A connection of the operating system. */
export interface SystemHandle extends StreamHandle {
  close(done: (this: SystemHandle) => void): void
  getpeername?(found: { address?: string; port?: number }): number
  setNoDelay?(on: boolean): number
  setKeepAlive?(on: boolean, seconds: number): number
}

/** Whom a TLS session tells. */
export interface TlsOwner extends StreamOwner {
  handshakeDone(): void
  chooseContext(name: string): void
  fail(cause: Error): void
}

/** A TLS session. */
export interface TlsHandle extends StreamHandle {
  [owner]: TlsOwner
  /** The context chosen in `oncertcb`. */
  sni_context?: unknown
  onhandshakestart: () => void
  onhandshakedone: (this: TlsHandle) => void
  /** Called for a choice by server name, when `enableCertCb` was; the handshake waits for `certCbDone`. */
  oncertcb: (this: TlsHandle, hello: { readonly servername?: string }) => void
  onerror: (this: TlsHandle, cause: Error) => void
  enableCertCb(): void
  certCbDone(): void
  setVerifyMode(request: boolean, reject: boolean): void
  setALPNProtocols(protocols: Uint8Array): void
  destroySSL(): void
  verifyError(): unknown
  getProtocol(): string | null
  getCipher(): { readonly name: string }
  getServername(): string | false
  getALPNNegotiatedProtocol(): string | false
  getSharedSigalgs(): string[]
}

/** A write or an end that was asked for. `buffer` keeps the bytes of a write from being collected. */
export interface StreamRequest {
  handle: StreamHandle
  buffer: Buffer
  oncomplete: (this: StreamRequest, status: number) => void
}

export interface NodeStreams {
  readonly WriteRequest: new () => StreamRequest
  readonly ShutdownRequest: new () => StreamRequest
  /** Bytes of the last read of all, or an error below 0. */
  readonly lastRead: () => number
  /** Whether the last write of all is still to be completed; if not, its `oncomplete` is never called. */
  readonly lastWriteWaits: () => boolean
  /** A TLS session of a server over a connection. */
  readonly overTls: (handle: SystemHandle, context: SecureContext) => TlsHandle
}

const ofStreams = ['useUserBuffer', 'readStart', 'readStop', 'writeBuffer', 'shutdown']
const ofSystem = [...ofStreams, 'close']
const ofTls = [
  ...[...ofStreams, 'enableCertCb', 'certCbDone', 'setVerifyMode', 'setALPNProtocols', 'destroySSL', 'verifyError'],
  ...['getProtocol', 'getCipher', 'getServername', 'getALPNNegotiatedProtocol', 'getSharedSigalgs'],
]

/** Null where this Node has no such things. */
export const nodeStreams: NodeStreams | null = find()

/** Whether a listening handle gave a connection. */
export function isSystemHandle(handle: unknown): handle is SystemHandle {
  return isRecord(handle)
}

function find(): NodeStreams | null {
  const streams = binding('stream_wrap')
  const tls = binding('tls_wrap')
  if (streams === null || tls === null) return null
  if (!makes(tls.TLSWrap, ofTls)) return null
  if (!makes(binding('tcp_wrap')?.TCP, ofSystem) || !makes(binding('pipe_wrap')?.Pipe, ofSystem)) return null
  const {
    WriteWrap,
    ShutdownWrap,
    streamBaseState: state,
    kReadBytesOrError: read,
    kLastWriteWasAsync: waits,
  } = streams
  if (!isConstructor(WriteWrap) || !isConstructor(ShutdownWrap) || !isFunction(tls.wrap)) return null
  if (!(state instanceof Int32Array) || typeof read !== 'number' || typeof waits !== 'number') return null
  const wrap: (...values: unknown[]) => unknown = tls.wrap
  return {
    WriteRequest: WriteWrap,
    ShutdownRequest: ShutdownWrap,
    lastRead: () => state[read] ?? 0,
    lastWriteWaits: () => state[waits] !== 0,
    overTls: (handle, { context }: SecureContext) => sessionOf(wrap(handle, context, true, false)),
  }
}

function sessionOf(handle: unknown): TlsHandle {
  if (isTlsHandle(handle)) return handle
  throw new TypeError('this Node has no TLS sessions over handles')
}

function binding(name: string): Record<string, unknown> | null {
  try {
    const open: unknown = Reflect.get(process, 'binding')
    const found: unknown = isFunction(open) ? Reflect.apply(open, process, [name]) : null
    return isRecord(found) ? found : null
  } catch {
    // The permission model of Node forbids it.
    return null
  }
}

/** Whether what a constructor makes has these methods. */
function makes(kind: unknown, names: readonly string[]): boolean {
  const prototype: unknown = isFunction(kind) ? kind.prototype : null
  return isRecord(prototype) && names.every((name) => typeof prototype[name] === 'function')
}

function isTlsHandle(handle: unknown): handle is TlsHandle {
  return isRecord(handle)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

export function isFunction(value: unknown): value is (...values: unknown[]) => unknown {
  return typeof value === 'function'
}

function isConstructor(value: unknown): value is new () => StreamRequest {
  return typeof value === 'function'
}
