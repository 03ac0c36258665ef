import { readText } from '../packet/text.ts'

/** A topic name that was checked: its text, its encoding, and whether it may be published to. */
export class TopicName {
  readonly text: string
  /** Its bytes, or null when they are the characters of `text`. */
  readonly bytes: Buffer | null
  /** Bytes of its encoding. */
  readonly length: number
  readonly valid: boolean
  /** Where the name is remembered, -1 for nowhere: a small number others may remember things of the name by. */
  readonly slot: number

  constructor(text: string, bytes: Buffer | null, length: number, valid: boolean, slot: number) {
    this.text = text
    this.bytes = bytes
    this.length = length
    this.valid = valid
    this.slot = slot
  }

  /** Writes its encoding at `at`. */
  write(bytes: Buffer, at: number): void {
    const { text } = this
    if (this.bytes !== null) this.bytes.copy(bytes, at)
    else if (text.length > 48) bytes.write(text, at, 'latin1')
    else for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index)
  }

  /** True when [start, end) is its encoding. */
  is(bytes: Buffer, start: number, end: number): boolean {
    if (this.length !== end - start) return false
    const own = this.bytes
    if (own !== null) return own.compare(bytes, start, end) === 0
    const text = this.text
    for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== bytes[start + index]) return false
    return true
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
 * Turns topic bytes into topic names and remembers those in use, so that they are neither decoded nor matched again. A
 * fixed number of slots by hash, two for each hash. A name is remembered when it comes a second time: a stream of
 * topics that never repeat must not push out the ones that do.
 */
export class TopicNames {
  readonly #names: (TopicName | null)[] = new Array<TopicName | null>(slots).fill(null)
  readonly #hashes = new Int32Array(slots)
  /** The hash that last missed, by slot. */
  readonly #missed = new Int32Array(slots)
  readonly #limits: TopicLimits
  #turn = 0

  constructor(limits: TopicLimits) {
    this.#limits = limits
  }

  /** The topic name at [start, end), or null when it is ill-formed UTF-8. */
  find(bytes: Buffer, start: number, end: number): TopicName | null {
    if (end - start > longest) return this.#make(bytes, start, end, -1)
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (slots - 1)
    // The hashes are compared first: the names themselves lie elsewhere in memory.
    const one = this.#hashes[slot] === hash ? this.#names[slot] : null
    if (one?.is(bytes, start, end)) return one
    const other = this.#hashes[slot ^ 1] === hash ? this.#names[slot ^ 1] : null
    if (other?.is(bytes, start, end)) return other
    if (this.#missed[slot] === hash) return this.#remember(bytes, start, end, hash, slot)
    this.#missed[slot] = hash
    return this.#make(bytes, start, end, -1)
  }

  /** A topic name from text, for messages that begin in this process. */
  of(text: string): TopicName | null {
    const bytes = Buffer.from(text)
    return this.find(bytes, 0, bytes.length)
  }

  #remember(bytes: Buffer, start: number, end: number, hash: number, slot: number): TopicName | null {
    const taken = this.#names[slot] !== null
    if (taken) this.#turn ^= 1
    const place = taken && (this.#names[slot ^ 1] === null || this.#turn === 1) ? slot ^ 1 : slot
    const name = this.#make(bytes, start, end, place)
    if (name?.valid) {
      this.#names[place] = name
      this.#hashes[place] = hash
    }
    return name
  }

  /** Looks at every byte once: for what a topic may not have, its levels, and whether it is more than ASCII. */
  #make(bytes: Buffer, start: number, end: number, slot: number): TopicName | null {
    const length = end - start
    let levels = 1
    let seen = 0
    let plain = true
    for (let at = start; at < end; at++) {
      const byte = bytes[at]
      if (byte === slash) levels++
      else if (byte === plus || byte === hash) plain = false
      else if (byte === 0) return null
      seen |= byte
    }
    const { maximumTopicBytes, maximumTopicLevels } = this.#limits
    const valid = plain && length > 0 && length <= maximumTopicBytes && levels <= maximumTopicLevels
    if (seen < 0x80) return new TopicName(bytes.toString('latin1', start, end), null, length, valid, slot)
    const text = readText(bytes, start, end)
    return text === null ? null : new TopicName(text, Buffer.from(bytes.subarray(start, end)), length, valid, slot)
  }
}

const slash = 0x2f
const plus = 0x2b
const hash = 0x23
