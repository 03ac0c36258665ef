import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Admission } from './admission.ts'
import type { WebSocketOptions } from './options.ts'

export type AfterUpgrade = (admission: Admission, websocket: WebSocket, socket: Duplex) => void

/** Bytes of an HTTP request before its body. */
const maxHeaderSize = 8_192

/** Turns the HTTP requests of one listener into WebSockets, or answers them with an error. */
export class WebSocketStage {
  readonly #options: WebSocketOptions
  readonly #next: AfterUpgrade
  readonly #server: Server
  readonly #websockets: WebSocketServer
  readonly #admissions = new WeakMap<Duplex, Admission>()

  constructor(options: WebSocketOptions, next: AfterUpgrade) {
    this.#options = options
    this.#next = next
    const settings = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      closeTimeout: 2_000,
      maxPayload: options.maxPayload,
      // Every chunk costs some hundred bytes however few it holds; the default allows a quarter of a million.
      maxBufferedChunks: 16_384,
      handleProtocols: (offered: ReadonlySet<string>) => (offered.has('mqtt') ? 'mqtt' : 'mqttv3.1'),
    }
    this.#websockets = new WebSocketServer(settings)
    this.#server = createServer({ maxHeaderSize })
    this.#server.on('request', (request, response) => this.#plain(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#server.on('clientError', (error, socket) => this.#broken(error, socket))
  }

  upgrade(admission: Admission, socket: Socket): void {
    admission.handshake = 'WebSocket upgrade'
    this.#admissions.set(socket, admission)
    this.#server.emit('connection', socket)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const admission = this.#admissions.get(socket)
    if (admission === undefined || !admission.pending) {
      socket.destroy()
      return
    }
    const objection = this.#objection(request)
    if (objection !== null) {
      admission.refuseSoftly(objection.why, objection.detail)
      answer(socket, objection.status, objection.why)
      return
    }
    this.#websockets.handleUpgrade(request, socket, head, (websocket) => this.#next(admission, websocket, socket))
  }

  #objection(request: IncomingMessage): { status: number; why: string; detail: string } | null {
    const { path, origins } = this.#options
    const asked = (request.url ?? '').split('?', 1)[0] ?? ''
    if (asked !== path) return { status: 404, why: 'WebSocket path unknown', detail: quoted(asked) }
    const origin = request.headers.origin
    // Only browsers send Origin, and only they can be tricked into connecting by a foreign page.
    if (origins.length > 0 && origin !== undefined && !origins.includes(origin)) {
      return { status: 403, why: 'WebSocket origin not allowed', detail: quoted(origin) }
    }
    const offered = request.headers['sec-websocket-protocol'] ?? ''
    const names = offered.split(',').map((name) => name.trim())
    if (names.includes('mqtt') || names.includes('mqttv3.1')) return null
    return { status: 400, why: 'WebSocket subprotocol mqtt not offered', detail: quoted(offered) }
  }

  #plain(request: IncomingMessage, response: ServerResponse): void {
    this.#admissions.get(request.socket)?.refuseSoftly('not a WebSocket request', quoted(request.url ?? ''))
    const headers = { Connection: 'close, Upgrade', Upgrade: 'websocket', 'Content-Type': 'text/plain' }
    response.writeHead(426, headers)
    response.end('This address speaks MQTT over WebSocket: connect with a WebSocket client and subprotocol mqtt.\n')
  }

  #broken(error: Error, socket: Duplex): void {
    const code = 'code' in error ? String(error.code) : ''
    const admission = this.#admissions.get(socket)
    if (code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else {
      admission?.refuseSoftly('HTTP request malformed', code)
      answer(socket, code === 'HPE_HEADER_OVERFLOW' ? 431 : 400, 'HTTP request malformed')
    }
  }
}

/** Answers in a few lines and closes. */
function answer(socket: Duplex, status: number, text: string): void {
  socket.on('error', () => {})
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: text/plain\r\n`
  socket.end(`${head}Content-Length: ${text.length + 1}\r\n\r\n${text}\n`, () => socket.destroy())
}

/** What a stranger sent, made short and harmless for logs. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 128))
}
