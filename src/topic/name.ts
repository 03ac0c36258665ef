import { readText } from '../packet/text.ts'
import { countLevels, hasWildcard } from './filter.ts'

/** A topic name that was checked: its text, its bytes, and whether it may be published to. */
export class TopicName {
  readonly text: string
  readonly bytes: Buffer
  /** It may be published to. */
  readonly valid: boolean
  /** Where the name is remembered, -1 for nowhere: a small number others may remember things of the name by. */
  readonly slot: number

  constructor(text: string, bytes: Buffer, valid: boolean, slot: number) {
    this.text = text
    this.bytes = bytes
    this.valid = valid
    this.slot = slot
  }
}

export interface TopicLimits {
  readonly maximumTopicBytes: number
  readonly maximumTopicLevels: number
}

/** How many topic names are remembered. */
export const slots = 8_192
const longest = 256

/**
 * Turns topic bytes into topic names and remembers the recent ones, so that a topic in steady use is neither decoded
 * nor matched again. A fixed number of slots by hash; a newcomer takes the place of whoever has its slot.
 */
export class TopicNames {
  readonly #slots: (TopicName | null)[] = new Array<TopicName | null>(slots).fill(null)
  readonly #limits: TopicLimits

  constructor(limits: TopicLimits) {
    this.#limits = limits
  }

  /** The topic name at [start, end), or null when it is ill-formed UTF-8. */
  find(bytes: Buffer, start: number, end: number): TopicName | null {
    if (end - start > longest) return this.#make(bytes, start, end, -1)
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (slots - 1)
    const known = this.#slots[slot]
    if (known !== null && same(known.bytes, bytes, start, end)) return known
    const made = this.#make(bytes, start, end, slot)
    if (made?.valid) this.#slots[slot] = made
    return made
  }

  /** A topic name from text, for messages that begin in this process. */
  of(text: string): TopicName | null {
    const bytes = Buffer.from(text)
    return this.find(bytes, 0, bytes.length)
  }

  #make(bytes: Buffer, start: number, end: number, slot: number): TopicName | null {
    const text = readText(bytes, start, end)
    if (text === null) return null
    return new TopicName(text, Buffer.from(bytes.subarray(start, end)), this.#isTopic(text, end - start), slot)
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
