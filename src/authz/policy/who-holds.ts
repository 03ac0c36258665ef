import type { Condition } from './rule.ts'
import type { Subject } from './subject.ts'

/**
 * Whether the conditions of rules hold, remembered for one client at a time: one that subscribes to a thousand filters has
 * the same rules looked at a thousand times.
 */
export class WhoHolds {
  readonly #conditions: readonly (readonly Condition[])[]
  /** By rule: twice the turn in which it was found out, and one more when they hold. */
  readonly #known: Int32Array
  #subject: Subject | null = null
  #turn = 0

  constructor(conditions: readonly (readonly Condition[])[]) {
    this.#conditions = conditions
    this.#known = new Int32Array(conditions.length)
  }

  holds(rule: number, subject: Subject): boolean {
    const conditions = this.#conditions[rule]
    if (conditions.length === 0) return true
    if (subject !== this.#subject) this.#turnTo(subject)
    const known = this.#known[rule]
    if (known >> 1 === this.#turn) return (known & 1) === 1
    const holds = allHold(conditions, subject)
    this.#known[rule] = this.#turn * 2 + (holds ? 1 : 0)
    return holds
  }

  /** True when it was found out that they do not hold. */
  isKnownNot(rule: number, subject: Subject): boolean {
    return subject === this.#subject && this.#known[rule] === this.#turn * 2
  }

  #turnTo(subject: Subject): void {
    this.#subject = subject
    this.#turn++
    if (this.#turn < mostTurns) return
    this.#known.fill(0)
    this.#turn = 1
  }
}

const mostTurns = 0x3fff_ffff

function allHold(conditions: readonly Condition[], subject: Subject): boolean {
  for (const condition of conditions) if (!condition.holds(subject)) return false
  return true
}
