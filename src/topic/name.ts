import { readText } from '../packet/text.ts'
import { countLevels, hasWildcard } from './filter.ts'

/** A topic name that was checked, with what is known about it: its text, its bytes, and whom it last went to. */
export class TopicName<Route> {
  readonly text: string
  readonly bytes: Buffer
  /** It may be published to. */
  readonly valid: boolean
  /** The subscribers found for it, valid while the subscriptions are those of `routeVersion`. */
  route: Route | null = null
  routeVersion = -1

  constructor(text: string, bytes: Buffer, valid: boolean) {
    this.text = text
    this.bytes = bytes
    this.valid = valid
  }
}

export interface TopicLimits {
  readonly maximumTopicBytes: number
  readonly maximumTopicLevels: number
}

const slots = 8_192
const longest = 256

/**
 * Turns topic bytes into topic names and remembers the recent ones, so that a topic in steady use is neither decoded
 * nor matched again. A fixed number of slots by hash; a newcomer takes the place of whoever has its slot.
 */
export class TopicNames<Route> {
  readonly #slots: (TopicName<Route> | null)[] = new Array<TopicName<Route> | null>(slots).fill(null)
  readonly #limits: TopicLimits

  constructor(limits: TopicLimits) {
    this.#limits = limits
  }

  /** The topic name at [start, end), or null when it is ill-formed UTF-8. */
  find(bytes: Buffer, start: number, end: number): TopicName<Route> | null {
    if (end - start > longest) return this.#make(bytes, start, end)
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (slots - 1)
    const known = this.#slots[slot]
    if (known !== null && same(known.bytes, bytes, start, end)) return known
    const made = this.#make(bytes, start, end)
    if (made?.valid) this.#slots[slot] = made
    return made
  }

  /** A topic name from text, for messages that begin in this process. */
  of(text: string): TopicName<Route> | null {
    const bytes = Buffer.from(text)
    return this.find(bytes, 0, bytes.length)
  }

  /** Forgets every route: what they hold may have become too much. */
  forgetRoutes(): void {
    for (const name of this.#slots) if (name !== null) name.route = null
  }

  #make(bytes: Buffer, start: number, end: number): TopicName<Route> | null {
    const text = readText(bytes, start, end)
    if (text === null) return null
    return new TopicName<Route>(text, Buffer.from(bytes.subarray(start, end)), this.#isTopic(text, end - start))
  }

  /** Not empty, no wildcards [MQTT-4.7.0-1], within the limits. */
  #isTopic(text: string, length: number): boolean {
    return (
      length > 0 &&
      length <= this.#limits.maximumTopicBytes &&
      !hasWildcard(text) &&
      countLevels(text) <= this.#limits.maximumTopicLevels
    )
  }
}

/** True when the bytes [start, end) are those of `known`. */
export function same(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false
  return true
}
