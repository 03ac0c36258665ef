import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { SecureContext } from 'node:tls'
import { Timer, type Wheel } from '../wheel.ts'
import { type HttpReply, Posting } from './http-posting.ts'

/** What is sent, whole. */
export interface HttpQuestion {
  readonly type: string
  readonly body: Buffer
}

const maximumHeaderBytes = 16_384

/** Posts to one URL, over connections that are kept. Redirects are not followed. */
export class HttpClient {
  readonly #url: URL
  readonly #connections: number
  readonly #maximumBytes: number
  readonly #wheel: Wheel
  readonly #underway = new Set<Posting>()
  #agent: HttpAgent
  #closed = false

  /** Of an answer, `maximumBytes` are read at most. `secure` is for `https://` URLs. */
  constructor(url: URL, connections: number, maximumBytes: number, secure: SecureContext | null, wheel: Wheel) {
    this.#url = url
    this.#connections = connections
    this.#maximumBytes = maximumBytes
    this.#wheel = wheel
    this.#agent = this.#newAgent(secure)
  }

  /** From here on, new connections are made with these certificates. */
  secureWith(secure: SecureContext): void {
    retire(this.#agent)
    this.#agent = this.#newAgent(secure)
  }

  /** Never rejects. `patience` is in milliseconds. */
  post(question: HttpQuestion, headers: Readonly<Record<string, string>>, patience: number): Promise<HttpReply> {
    if (this.#closed) return Promise.resolve({ failure: 'is not asked any more', down: false })
    return new Promise((resolve) => {
      const posting = new Posting(() => this.#send(question, headers), this.#maximumBytes)
      const timer = new Timer(() => posting.giveUp('did not answer in time'))
      this.#wheel.set(timer, patience)
      this.#underway.add(posting)
      posting.start((reply) => {
        this.#underway.delete(posting)
        this.#wheel.cancel(timer)
        resolve(reply)
      })
    })
  }

  close(): void {
    this.#closed = true
    for (const posting of [...this.#underway]) posting.giveUp('is not asked any more')
    this.#agent.destroy()
  }

  #send({ type, body }: HttpQuestion, headers: Readonly<Record<string, string>>): ClientRequest {
    const request = this.#url.protocol === 'https:' ? httpsRequest : httpRequest
    return request(this.#url, {
      method: 'POST',
      agent: this.#agent,
      maxHeaderSize: maximumHeaderBytes,
      headers: { ...headers, 'content-type': type, 'content-length': body.length, 'accept-encoding': 'identity' },
    }).end(body)
  }

  #newAgent(secure: SecureContext | null): HttpAgent {
    const options = { keepAlive: true, maxSockets: this.#connections }
    if (secure === null) return new HttpAgent(options)
    return new HttpsAgent({ ...options, secureContext: secure, rejectUnauthorized: true })
  }
}

/** Questions that are underway are answered; no connection is kept after that. */
function retire(agent: HttpAgent): void {
  agent.maxFreeSockets = 0
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}
