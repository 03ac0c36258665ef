import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, Denial, Exchange, ExchangeStep, Identity } from '../engine/ports.ts'
import { end, isDenial } from './outcome.ts'
import type { Attempt } from './throttle.ts'

/** What an exchange is held against. */
export interface Guards {
  attempt(): Attempt | Denial
  /** Whether the certificate of the client is good. */
  admitted(): Answer<object | Denial | null>
  /** Whether the identity may be used here. */
  accept(identity: Identity): Identity | Denial
}

/** An exchange of enhanced authentication whose failures slow down, and whose success is not all that is asked. */
export class GuardedExchange implements Exchange {
  readonly #exchange: Exchange
  readonly #guards: Guards
  #attempt: Attempt | null = null

  constructor(exchange: Exchange, guards: Guards) {
    this.#exchange = exchange
    this.#guards = guards
  }

  step(data: Buffer | null): Answer<ExchangeStep> {
    return this.#attempt === null ? this.#first(data) : this.#next(this.#attempt, data)
  }

  async #first(data: Buffer | null): Promise<ExchangeStep> {
    const attempt = this.#guards.attempt()
    if (isDenial(attempt)) return { kind: 'failure', ...attempt }
    this.#attempt = attempt
    try {
      if (attempt.wait > 0) await pause(attempt.wait, null, { ref: false })
      const admitted = await this.#guards.admitted()
      if (isDenial(admitted)) return this.#failed(attempt, admitted)
      return await this.#next(attempt, data)
    } catch (error) {
      attempt.abandoned()
      throw error
    }
  }

  async #next(attempt: Attempt, data: Buffer | null): Promise<ExchangeStep> {
    const step = await this.#exchange.step(data)
    if (step.kind === 'failure') return this.#failed(attempt, step)
    if (step.kind === 'continue') return step
    const accepted = this.#guards.accept(step.identity)
    if (isDenial(accepted)) return this.#failed(attempt, accepted)
    end(attempt, null)
    return step
  }

  close(): void {
    this.#attempt?.abandoned()
    this.#exchange.close?.()
  }

  #failed(attempt: Attempt, denial: Denial): ExchangeStep {
    end(attempt, denial)
    return { ...denial, kind: 'failure' }
  }
}
