import type { Link } from './link.ts'
import { monotonic } from './time.ts'
import { publishTemplate, type Template } from './wire.ts'

/** Milliseconds between two bursts. */
const interval = 10

/** A client that publishes what it may not, so many times a second, with QoS 0. */
export class Intruder {
  readonly #link: Link
  readonly #rate: number
  readonly #template: Template
  readonly #began = monotonic()
  readonly #timer: NodeJS.Timeout

  constructor(link: Link, rate: number, payloadBytes: number) {
    this.#link = link
    this.#rate = rate
    this.#template = publishTemplate('secret/data', 0, false, payloadBytes)
    this.#timer = setInterval(() => this.#burst(), interval)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** As many as are due, so that a late timer makes no difference. */
  #burst(): void {
    const now = monotonic()
    const due = ((now - this.#began) / 1_000) * this.#rate
    while (this.#link.ready && this.#link.sent < due) this.#link.publish(this.#template, now, this.#link.index)
  }
}
