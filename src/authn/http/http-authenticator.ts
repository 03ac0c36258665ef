import type { Clock } from '../../base/clock.ts'
import { BrokerError } from '../../base/errors.ts'
import type { HttpQuestion } from '../../base/http/http-client.ts'
import type { HttpPurpose } from '../../base/http/http-options.ts'
import { type HttpContext, HttpServer } from '../../base/http/http-server.ts'
import { checkHttpAuthentication } from '../../config/http-authentication-check.ts'
import { pathText } from '../../config/names.ts'
import type {
  Answer,
  Authenticator,
  Credentials,
  Denial,
  Exchange,
  ExchangeStep,
  Identity,
} from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import { HttpCache } from './http-cache.ts'
import type { Claim, Decision, HttpContract } from './http-contract.ts'
import { formContract } from './http-form.ts'
import type { HttpOptions } from './http-options.ts'
import { webhook } from './http-webhook.ts'

const purpose: HttpPurpose = {
  name: 'HTTP authentication',
  meanwhile: 'clients are told to come back later',
  unreadable: 'AUTHENTICATION_FILE_UNREADABLE',
  unusable: 'AUTHENTICATION_FILE_INVALID',
}

/** No password, token and certificate chain of a device is near this; thousands of questions may wait. */
const maximumQuestionBytes = 65_536

/**
 * A web server says who a client is and whether it may come in. Whatever goes wrong, nobody gets in by it.
 *
 * @throws BrokerError CONFIG_INVALID when options contradict each other, others when a file cannot be used.
 */
export function openHttpAuthenticator(options: HttpOptions, context: HttpContext): Authenticator {
  const mistake = checkHttpAuthentication(options)[0]
  if (mistake !== undefined)
    throw new BrokerError('CONFIG_INVALID', `http.${pathText(mistake.path)} ${mistake.message}`)
  const contract = options.contract === 'form' ? formContract(options) : webhook
  return new HttpAuthenticator(options, contract, new HttpServer(options, purpose, context, Math.random), context.clock)
}

class HttpAuthenticator implements Authenticator {
  readonly #options: HttpOptions
  readonly #contract: HttpContract
  readonly #server: HttpServer
  readonly #clock: Clock
  readonly #cache: HttpCache

  constructor(options: HttpOptions, contract: HttpContract, server: HttpServer, clock: Clock) {
    this.#options = options
    this.#contract = contract
    this.#server = server
    this.#clock = clock
    this.#cache = new HttpCache(options.cache, clock)
  }

  authenticate(who: Credentials): Answer<Identity | Denial | 'unknown'> {
    if (!this.#isProof(who) && !this.#options.withoutProof) return 'unknown'
    return this.#judge({ who, method: null, data: null })
  }

  begin(method: string, who: Credentials): Exchange | null {
    if (!this.#options.methods.includes(method)) return null
    return { step: (data) => this.#step({ who, method, data }) }
  }

  async close(): Promise<void> {
    this.#server.close()
  }

  #isProof({ password, peer }: Credentials): boolean {
    const certificates = this.#options.contract === 'webhook' ? (peer.tls?.certificates ?? []) : []
    return (password !== null && password.length > 0) || certificates.length > 0
  }

  async #step(claim: Claim): Promise<ExchangeStep> {
    const found = await this.#judge(claim)
    if ('reason' in found) return { ...found, kind: 'failure' }
    return { kind: 'success', identity: found, data: null }
  }

  #judge(claim: Claim): Answer<Identity | Denial> {
    const question = this.#contract.question(claim)
    if ('reason' in question) return question
    if (question.body.length > maximumQuestionBytes) return tooLarge
    const known = this.#cache.find(claim, question.body)
    return known === null ? this.#ask(claim, question) : verdict(claim, known)
  }

  async #ask(claim: Claim, question: HttpQuestion): Promise<Identity | Denial> {
    const asked = await this.#server.ask(question, (status, body) => {
      const result = this.#contract.decision(claim, status, body, this.#clock.wall())
      return { result, down: result.kind === 'none' && result.down }
    })
    if (asked.kind === 'busy') return { reason: Reason.ServerBusy, detail: asked.detail }
    if (asked.kind === 'failed') return { reason: Reason.ServerUnavailable, detail: asked.detail }
    this.#cache.keep(claim, question.body, asked.result)
    return verdict(claim, asked.result)
  }
}

const tooLarge: Denial = {
  reason: Reason.BadUserNameOrPassword,
  detail: `user name, password and certificates make more than ${maximumQuestionBytes} bytes, which is not passed on`,
}

function verdict({ who, method }: Claim, decision: Decision): Identity | Denial {
  if (decision.kind === 'allowed') return decision.identity
  const { detail } = decision
  if (decision.kind === 'none') return { reason: Reason.ServerUnavailable, detail: `the HTTP server ${detail}` }
  const name = who.username === null ? `the client ${who.clientId}` : `the user ${who.username}`
  const by = method === null ? '' : ` by ${method}`
  return { reason: Reason.NotAuthorized, detail: `the HTTP server refuses ${name}${by}: ${detail}` }
}
