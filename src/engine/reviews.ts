import type { Connection } from './connection.ts'
import type { Core } from './core.ts'

/** Clients that are looked at before others get their turn. */
const atOnce = 200

/** Looks at the identity of every client again, some at a time, and ends the connections of those whose is not good any more. */
export class Reviews {
  readonly #core: Core
  readonly #intakes: Iterable<{ readonly connection: Connection }>
  #next: NodeJS.Immediate | null = null

  constructor(core: Core, intakes: Iterable<{ readonly connection: Connection }>) {
    this.#core = core
    this.#intakes = intakes
  }

  begin(): void {
    this.#core.identityChanges++
    if (this.#next === null) this.#pass()
  }

  close(): void {
    if (this.#next !== null) clearImmediate(this.#next)
  }

  /** Goes once through all that are here; those that come meanwhile are looked at when they are let in. */
  #pass(): void {
    const changes = this.#core.identityChanges
    const intakes = this.#intakes[Symbol.iterator]()
    const some = () => {
      for (let left = atOnce; left > 0; left--) {
        const next = intakes.next()
        if (next.done === true) return this.#passed(changes)
        const { connection } = next.value
        connection.guard(() => connection.review())
      }
      this.#next = setImmediate(some)
    }
    this.#next = setImmediate(some)
  }

  #passed(changes: number): void {
    this.#next = null
    if (this.#core.identityChanges !== changes) this.#pass()
  }
}
