import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, Authenticator, Credentials, Denial, Exchange, ExchangeStep, Identity } from '../engine/ports.ts'
import { Reason } from '../packet/reason.ts'
import { end, isDenial } from './outcome.ts'
import type { Attempt } from './throttle/throttle.ts'

/** What an exchange is held against. */
export interface Guards {
  readonly who: Credentials
  /** `claimed` is who the client says it is, if that can be told. */
  attempt(claimed: string | null): Attempt | Denial
  /** Whether the certificate of the client is good. */
  admitted(): Answer<object | Denial | null>
  /** Whether the identity may be used here. */
  accept(identity: Identity, from: Authenticator): Identity | Denial
}

/** An authenticator that knows the method, and what it began. */
export interface Candidate {
  readonly authenticator: Authenticator
  readonly exchange: Exchange
}

type KnownStep = Exclude<ExchangeStep, { readonly kind: 'unknown' }>

const nobody: ExchangeStep = {
  kind: 'failure',
  reason: Reason.NotAuthorized,
  detail: 'no authenticator knows what the client sent as authentication data',
}

/**
 * An exchange of enhanced authentication whose failures slow down, and whose success is not all that is asked. Whom the
 * client means shows in what it sends first.
 */
export class GuardedExchange implements Exchange {
  readonly #candidates: readonly Candidate[]
  readonly #guards: Guards
  #attempt: Attempt | null = null
  /** Whom failures count against: who is guessed at, and not what CONNECT says beside. */
  #username: string | null
  #chosen: Candidate | null = null

  constructor(candidates: readonly Candidate[], guards: Guards) {
    this.#candidates = candidates
    this.#guards = guards
    this.#username = guards.who.username
  }

  step(data: Buffer | null): Answer<ExchangeStep> {
    return this.#attempt === null ? this.#begin(data) : this.#guarded(this.#attempt, () => this.#next(data))
  }

  close(): void {
    this.#attempt?.abandoned()
    this.#chosen?.exchange.close?.()
  }

  #begin(data: Buffer | null): Answer<ExchangeStep> {
    const claimed = this.#claimed(data)
    const attempt = this.#guards.attempt(claimed)
    if (isDenial(attempt)) return { kind: 'failure', ...attempt }
    this.#attempt = attempt
    this.#username = claimed ?? this.#username
    return this.#guarded(attempt, async () => {
      if (attempt.wait > 0) await pause(attempt.wait, null, { ref: false })
      const admitted = await this.#guards.admitted()
      return isDenial(admitted) ? { kind: 'failure', ...admitted } : this.#first(data)
    })
  }

  #claimed(data: Buffer | null): string | null {
    for (const { exchange } of this.#candidates) {
      const claimed = exchange.claimed?.(data) ?? null
      if (claimed !== null) return claimed
    }
    return null
  }

  async #guarded(attempt: Attempt, go: () => Promise<ExchangeStep>): Promise<ExchangeStep> {
    try {
      const step = await go()
      const username = this.#username
      if (step.kind === 'failure') end(attempt, step, { username })
      else if (step.kind === 'success') end(attempt, step.identity, { username })
      return step
    } catch (error) {
      attempt.abandoned()
      throw error
    }
  }

  async #first(data: Buffer | null): Promise<ExchangeStep> {
    for (const candidate of this.#candidates) {
      const step = await candidate.exchange.step(data)
      if (step.kind === 'unknown') continue
      this.#chosen = candidate
      return this.#taken(candidate, step)
    }
    return nobody
  }

  async #next(data: Buffer | null): Promise<ExchangeStep> {
    if (this.#chosen === null) return nobody
    const step = await this.#chosen.exchange.step(data)
    return step.kind === 'unknown' ? nobody : this.#taken(this.#chosen, step)
  }

  #taken({ authenticator }: Candidate, step: KnownStep): ExchangeStep {
    if (step.kind !== 'success') return step
    const accepted = this.#guards.accept(step.identity, authenticator)
    return isDenial(accepted) ? { kind: 'failure', ...accepted } : step
  }
}
