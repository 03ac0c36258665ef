import type { Clock } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type { Settings } from './settings.ts'

export interface RateContext {
  readonly settings: Settings
  readonly clock: Clock
  readonly wheel: Wheel
}

/**
 * How much one client may send [Settings.messageRate, byteRate]: two token buckets of one second's worth. A client that
 * has used up its own is not read from until there is more: TCP makes it wait, and nobody else notices.
 */
export class Rate {
  readonly #context: RateContext
  readonly #timer: Timer
  #messages: number
  #bytes: number
  #filled: number

  constructor(context: RateContext, refilled: () => void) {
    this.#context = context
    this.#messages = context.settings.messageRate
    this.#bytes = context.settings.byteRate
    this.#filled = context.clock.now()
    this.#timer = new Timer(refilled)
  }

  /** Nothing is left; `refilled` is called when there is. */
  get exhausted(): boolean {
    const { messageRate, byteRate } = this.#context.settings
    this.#fill()
    return (messageRate > 0 && this.#messages < 0) || (byteRate > 0 && this.#bytes < 0)
  }

  /** Counts a message of so many bytes; true when that was more than there was. */
  spend(bytes: number): boolean {
    this.#messages--
    this.#bytes -= bytes
    if (!this.exhausted) return false
    const { messageRate, byteRate } = this.#context.settings
    const missing = Math.max(
      messageRate > 0 ? -this.#messages / messageRate : 0,
      byteRate > 0 ? -this.#bytes / byteRate : 0,
    )
    this.#context.wheel.set(this.#timer, Math.ceil(missing * 1_000))
    return true
  }

  #fill(): void {
    const now = this.#context.clock.now()
    const { messageRate, byteRate } = this.#context.settings
    const seconds = (now - this.#filled) / 1_000
    this.#filled = now
    this.#messages = Math.min(messageRate, this.#messages + seconds * messageRate)
    this.#bytes = Math.min(byteRate, this.#bytes + seconds * byteRate)
  }
}
