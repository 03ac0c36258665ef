import { Reason } from '../packet/reason.ts'
import type { Core } from './core.ts'
import { Intake } from './intake.ts'
import type { Acceptor, ListenerRules, Refusal, Wire, WireEvents } from './ports.ts'
import { Reviews } from './reviews.ts'

/** Where network connections come in, and the list of those that are here. */
export class Reception implements Acceptor {
  readonly #core: Core
  readonly #intakes = new Set<Intake>()
  /** Asks of every client whether its identity is still good. */
  readonly reviews: Reviews

  constructor(core: Core) {
    this.#core = core
    this.reviews = new Reviews(core, this.#intakes)
  }

  accept(wire: Wire, rules: ListenerRules): WireEvents {
    return new Intake(this.#core, wire, rules, this.#intakes)
  }

  refused(refusal: Refusal): void {
    const { listener, address, why, detail } = refusal
    this.#core.counters.connectionsRefused++
    const unlogged = this.#core.refusals.admit()
    if (unlogged !== null)
      this.#core.log.warn('connection refused before MQTT', { listener, address, why, detail, unlogged })
    const text = detail === '' ? why : `${why}: ${detail}`
    this.#core.journal.record({
      kind: 'refused',
      clientId: '',
      identity: '',
      listener,
      address,
      reason: Reason.UnspecifiedError,
      detail: text,
      rule: '',
    })
  }

  /** Says good-bye to everyone: DISCONNECT with Server shutting down for MQTT 5. Wills are not published: those of a store that lasts are when the broker is there again. */
  close(): void {
    this.#core.closing = true
    this.reviews.close()
    for (const { connection } of this.#intakes) {
      connection.fail(Reason.ServerShuttingDown, 'the broker is closing')
    }
  }

  /** Resolves when the network connections are gone, or with those left cut off after `ms` milliseconds. */
  async gone(ms: number): Promise<void> {
    const end = performance.now() + ms
    while (this.#intakes.size > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
    for (const { connection } of this.#intakes) connection.wire.destroy()
  }

  *clients(): Generator<Intake['connection']> {
    for (const { connection } of this.#intakes) if (connection.session !== null) yield connection
  }
}
