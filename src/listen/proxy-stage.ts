import type { Socket } from 'node:net'
import { AcceptedSocket, type SocketEvents } from './accepted-socket.ts'
import type { Admission } from './admission.ts'
import { type Client, parseProxyHeader } from './proxy-header.ts'

export type ProxyVersion = 'v1' | 'v2' | 'any'

/** Goes on with a connection whose header was read; `rest` is what was read beyond it. */
export type AfterProxy = (admission: Admission, rest: Buffer) => void

/** Reads the PROXY header of a connection, or refuses it. */
export function readProxyHeader(admission: Admission, version: ProxyVersion, next: AfterProxy): void {
  const socket = admission.socket
  if (socket instanceof AcceptedSocket) socket.wire = new HeaderReading(admission, version, next)
  else readWithoutFlow(admission, socket, version, next)
}

const nothing = Buffer.alloc(0)

/** For sockets another layer (TLS, HTTP) takes over: what lies beyond the header is put back. */
function readWithoutFlow(admission: Admission, socket: Socket, version: ProxyVersion, next: AfterProxy): void {
  const readable = () => {
    const chunk: unknown = socket.read()
    if (chunk instanceof Buffer) reading.read(chunk, chunk.length)
  }
  const reading = new HeaderReading(admission, version, (_, rest) => {
    socket.off('readable', readable)
    if (rest.length > 0) socket.unshift(rest)
    next(admission, nothing)
  })
  socket.on('readable', readable)
}

class HeaderReading implements SocketEvents {
  readonly #admission: Admission
  readonly #version: ProxyVersion
  readonly #next: AfterProxy
  #bytes: Buffer = nothing
  #done = false

  constructor(admission: Admission, version: ProxyVersion, next: AfterProxy) {
    this.#admission = admission
    this.#version = version
    this.#next = next
  }

  read(bytes: Buffer, length: number): void {
    if (this.#done) return
    this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(0, length)])
    const header = parseProxyHeader(this.#bytes, this.#version)
    if (header.kind === 'more') return
    this.#done = true
    if (header.kind === 'malformed') {
      this.#admission.refuse('PROXY header not accepted', header.detail)
      return
    }
    this.#name(header.client)
    if (this.#admission.enterAddress()) this.#next(this.#admission, this.#bytes.subarray(header.length))
  }

  drained(): void {}
  failed(): void {}

  closed(): void {
    this.#admission.closed()
  }

  ended(): void {
    this.#admission.socket.destroy()
  }

  #name(client: Client): void {
    const admission = this.#admission
    if (client === 'proxy') return
    // Who is behind the proxy is not known, so nothing may be concluded from where the proxy is.
    admission.remote = client === 'unknown' ? { ...admission.remote, loopback: false } : client
  }
}
