import assert from 'node:assert/strict'
import {
  createServer,
  type Server as HttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecureServer, type Server as HttpsServer, type ServerOptions } from 'node:https'
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net'

/** What the server was asked. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Tells connections apart. */
  readonly port: number
}

export type Reply = (seen: Seen, response: ServerResponse) => void

/** A web server of a test; ends with the test's scope. */
export class WebServer implements AsyncDisposable {
  readonly seen: Seen[] = []
  readonly #server: HttpServer | HttpsServer
  readonly #scheme: string
  readonly #waiting: { readonly count: number; readonly done: () => void }[] = []
  reply: Reply

  constructor(reply: Reply, secure: ServerOptions | null = null) {
    this.reply = reply
    const take = (request: IncomingMessage, response: ServerResponse) => this.#take(request, response)
    this.#scheme = secure === null ? 'http' : 'https'
    this.#server = secure === null ? createServer(take) : createSecureServer(secure, take)
  }

  async url(host = '127.0.0.1'): Promise<string> {
    return `${this.#scheme}://${host}:${await listening(this.#server)}/auth?key=hidden`
  }

  /** Resolves when the server has been asked so many times in all. */
  asked(count: number): Promise<void> {
    if (this.seen.length >= count) return Promise.resolve()
    return new Promise((done) => this.#waiting.push({ count, done }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((closed) => this.#server.close(closed))
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const port = request.socket.remotePort ?? 0
      const seen = { method, url, headers, body: Buffer.concat(parts).toString(), port }
      this.seen.push(seen)
      for (const { count, done } of this.#waiting) if (this.seen.length >= count) done()
      this.reply(seen, response)
    })
  }
}

/** A server that answers what is sent to it with these bytes, whatever they are, and then does something. */
export class RawServer implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(answer: (socket: Socket) => void) {
    this.#server = createRawServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.once('data', () => answer(socket))
    })
  }

  async url(): Promise<string> {
    return `http://127.0.0.1:${await listening(this.#server)}/`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((closed) => this.#server.close(closed))
  }
}

async function listening(server: Server): Promise<number> {
  if (!server.listening) await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address: AddressInfo | string | null = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return address.port
}

export function json(value: unknown): Reply {
  return (_seen, response) => response.end(JSON.stringify(value))
}

export function status(code: number, body = ''): Reply {
  return (_seen, response) => response.writeHead(code).end(body)
}
