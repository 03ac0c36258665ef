import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Denial, Exchange, ExchangeStep, Identity } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import { type ClientFirst, parseClientFinal, parseClientFirst, textOf } from './scram-message.ts'
import { prepare, type ScramVerifier, scramDigests } from './scram-verifier.ts'

/** Somebody who says to be a user. */
export interface Candidate {
  /** That of the user, or, where there is none, one that no proof fits. */
  readonly verifier: ScramVerifier
  /** Why no proof can fit, for the log; null for a user who has a verifier. */
  readonly lack: string | null
  /** Who the client is, once it has proved what the verifier asks for. */
  proved(): Identity | Denial
}

interface Challenge {
  readonly first: ClientFirst
  readonly name: string
  readonly candidate: Candidate
  readonly nonce: string
  readonly text: string
}

type Failure = Extract<ExchangeStep, { kind: 'failure' }>

/** The server's side of one SCRAM exchange [RFC 5802 §5]: first message, challenge, proof, signature. */
export class ScramExchange implements Exchange {
  readonly #candidate: (name: string) => Candidate
  /** The user name of CONNECT, if it had one. */
  readonly #username: string | null
  readonly #serverNonce: string
  #challenge: Challenge | null = null
  #over = false

  constructor(candidate: (name: string) => Candidate, username: string | null, serverNonce: string) {
    this.#candidate = candidate
    this.#username = username
    this.#serverNonce = serverNonce
  }

  claimed(data: Buffer | null): string | null {
    const text = textOf(data)
    const first = text === null ? '' : parseClientFirst(text)
    return typeof first === 'string' ? null : prepare(first.name, true)
  }

  step(data: Buffer | null): ExchangeStep {
    const text = textOf(data)
    if (this.#over || text === null) return this.#fail('SCRAM: a message is missing, too long or not text')
    const step = this.#challenge === null ? this.#begin(text) : this.#finish(text, this.#challenge)
    this.#over = step.kind !== 'continue'
    return step
  }

  #begin(text: string): ExchangeStep {
    const first = parseClientFirst(text)
    if (typeof first === 'string') return this.#fail(`SCRAM: the first message: ${first}`)
    const name = prepare(first.name, true)
    if (name === null || name === '') return this.#fail('SCRAM: the user name has characters that are not allowed')
    const { authorizationName } = first
    if (authorizationName !== null && prepare(authorizationName, true) !== name)
      return this.#fail('SCRAM: nobody may act for somebody else here')
    if (this.#username !== null && this.#username !== first.name && prepare(this.#username, true) !== name)
      return this.#fail('SCRAM: CONNECT has another user name')
    const candidate = this.#candidate(name)
    const { salt, iterations } = candidate.verifier
    const nonce = first.nonce + this.#serverNonce
    const challenge = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`
    this.#challenge = { first, name, candidate, nonce, text: challenge }
    return { kind: 'continue', data: Buffer.from(challenge) }
  }

  #finish(text: string, { first, name, candidate, nonce, text: challenge }: Challenge): ExchangeStep {
    const { verifier, lack } = candidate
    const final = parseClientFinal(text, scramDigests[verifier.method].length)
    if (typeof final === 'string') return this.#fail(`SCRAM: the last message: ${final}`)
    if (final.nonce !== nonce) return this.#fail('SCRAM: the nonce is not the one that was agreed on')
    if (final.channelBinding.toString() !== first.header)
      return this.#fail('SCRAM: the channel binding is not what the first message said')
    const signed = `${first.bare},${challenge},${final.withoutProof}`
    if (!isProved(verifier, signed, final.proof)) return refused(lack ?? `the SCRAM proof of the user ${name} is wrong`)
    const identity = candidate.proved()
    if ('reason' in identity) return { kind: 'failure', ...identity }
    return { kind: 'success', identity, data: Buffer.from(`v=${signature(verifier, signed)}`) }
  }

  #fail(told: string): Failure {
    this.#over = true
    return { ...refused(told), told }
  }
}

function refused(detail: string): Failure {
  return { kind: 'failure', reason: Reason.NotAuthorized, detail }
}

/** A proof is the client key, hidden by what only somebody with its digest can make [RFC 5802 §3]. */
function isProved({ method, storedKey }: ScramVerifier, signed: string, proof: Buffer): boolean {
  const { name } = scramDigests[method]
  const clientKey = createHmac(name, storedKey).update(signed).digest()
  for (let index = 0; index < clientKey.length; index++) clientKey[index] ^= proof[index]
  return timingSafeEqual(createHash(name).update(clientKey).digest(), storedKey)
}

function signature({ method, serverKey }: ScramVerifier, signed: string): string {
  return createHmac(scramDigests[method].name, serverKey).update(signed).digest('base64')
}
