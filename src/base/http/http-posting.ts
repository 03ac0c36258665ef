import type { ClientRequest, IncomingMessage } from 'node:http'
import { failureText } from './http-failure.ts'

/** What came back, whole, or why nothing did; `down` says that this may be so for everybody who asks. */
export type HttpReply =
  | { readonly status: number; readonly body: Buffer }
  | { readonly failure: string; readonly down: boolean }

/** One question, from sending it to the end of the answer, which comes once, whatever the server does. */
export class Posting {
  readonly #send: () => ClientRequest
  readonly #maximumBytes: number
  #request: ClientRequest | null = null
  #response: IncomingMessage | null = null
  #settled: ((reply: HttpReply) => void) | null = null

  constructor(send: () => ClientRequest, maximumBytes: number) {
    this.#send = send
    this.#maximumBytes = maximumBytes
  }

  start(settled: (reply: HttpReply) => void): void {
    this.#settled = settled
    this.#ask(true)
  }

  giveUp(failure: string): void {
    this.#fail(failure, true)
  }

  #ask(again: boolean): void {
    const request = this.#send()
    this.#request = request
    request.on('response', (response) => this.#read(response))
    request.on('error', (error) => {
      // That the server closed a kept connection just now tells nothing about the server.
      if (again && request.reusedSocket && this.#isGone(error)) this.#ask(false)
      else this.#fail(failureText(error), true)
    })
    request.on('close', () => {
      if (this.#request === request) this.#fail('closed the connection', true)
    })
  }

  #isGone(error: Error): boolean {
    const reset = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
    return reset && this.#response === null && this.#settled !== null
  }

  #read(response: IncomingMessage): void {
    this.#response = response
    const parts: Buffer[] = []
    let length = 0
    response.on('error', (error) => this.#fail(failureText(error), true))
    response.on('data', (part: Buffer) => {
      length += part.length
      if (length > this.#maximumBytes) this.#fail(`answered more than ${this.#maximumBytes} bytes`, false)
      else parts.push(part)
    })
    response.on('end', () => this.#settle({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }))
    if ((response.headers['content-encoding'] ?? 'identity') !== 'identity')
      this.#fail('answered in a compressed form', false)
  }

  #fail(failure: string, down: boolean): void {
    if (this.#settled === null) return
    this.#settle({ failure, down })
    this.#request?.destroy()
  }

  #settle(reply: HttpReply): void {
    const settled = this.#settled
    this.#settled = null
    settled?.(reply)
  }
}
