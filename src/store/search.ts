import { Table } from './records.ts'
import { topicOf } from './retained-record.ts'
import type { Entry, Tables } from './tables.ts'

const fewest = 16
const most = 256
/** Keys longer than this are cut, and say nothing of the levels behind. */
const whole = 1_000

/**
 * Finds the retained messages a filter matches, in the order of their keys. It looks at a few entries at a time and
 * keeps nothing open in between. Where the levels of an entry show that nothing right behind it can match, it leaps.
 *
 *     pattern +/b     entries  a · a/a · a/b · a/c · b/b      at a/c nothing below a can match: on to what follows all of a
 */
export class Search {
  readonly #tables: Tables
  readonly #pattern: readonly string[]
  readonly #open: boolean
  #entries: readonly Entry[] = []
  #at = 0
  #size = fewest
  #from: Buffer
  #after = false
  #ended = false

  constructor(tables: Tables, pattern: string) {
    this.#tables = tables
    const levels = Buffer.from(pattern).toString('latin1').split('/')
    this.#open = levels.at(-1) === '#'
    this.#pattern = this.#open ? levels.slice(0, -1) : levels
    const wild = this.#pattern.indexOf('+')
    const literal = wild < 0 ? this.#pattern : this.#pattern.slice(0, wild)
    this.#from = keyOf(literal)
  }

  /** The value of the next match, null when this call found none, undefined at the end. */
  next(): Buffer | null | undefined {
    if (this.#ended) return undefined
    if (this.#at >= this.#entries.length && !this.#read()) return undefined
    while (this.#at < this.#entries.length) {
      const { key, value } = this.#entries[this.#at]
      const leap = this.#leap(topicLevels(key, value))
      if (leap === matched) {
        this.#at++
        return value
      }
      // Topics that are the same up to where keys are cut follow one another in no order.
      if (leap === null || key.length > whole) {
        this.#at++
        continue
      }
      if (leap.length === 0) {
        this.#ended = true
        return undefined
      }
      const before = this.#at
      if (this.#skip(leap)) return null
      if (this.#at === before) this.#at++
    }
    return null
  }

  matches(topic: string): boolean {
    return this.#leap(Buffer.from(topic).toString('latin1').split('/')) === matched
  }

  /** Goes on at `key`; true when that is beyond what was read. */
  #skip(key: Buffer): boolean {
    while (this.#at < this.#entries.length && this.#entries[this.#at].key.compare(key) < 0) this.#at++
    if (this.#at < this.#entries.length) return false
    this.#from = key
    this.#after = false
    this.#size = fewest
    this.#entries = []
    this.#at = 0
    return true
  }

  #read(): boolean {
    const last = this.#entries.at(-1)
    if (last !== undefined) {
      this.#from = last.key
      this.#after = true
    }
    this.#entries = this.#tables.scan(Table.Retained, this.#from, this.#after, this.#size)
    this.#at = 0
    this.#ended = this.#entries.length === 0
    this.#size = Math.min(most, this.#size * 2)
    return !this.#ended
  }

  /**
   * `matched`, or the key before which nothing else can match; null for the very next, empty when nothing can any more.
   */
  #leap(levels: readonly string[]): Buffer | null | typeof matched {
    const pattern = this.#pattern
    for (let index = 0; index < pattern.length; index++) {
      if (index === levels.length) return null
      const wanted = pattern[index]
      const level = levels[index]
      if (wanted === '+') {
        if (index === 0 && level.startsWith('$')) return afterDollar
        continue
      }
      if (level === wanted) continue
      return level < wanted ? keyOf([...levels.slice(0, index), wanted]) : behind(levels.slice(0, index))
    }
    if (pattern.length === 0 && levels[0].startsWith('$')) return afterDollar
    return this.#open || levels.length === pattern.length ? matched : behind(levels.slice(0, pattern.length))
  }
}

const matched = Symbol('matched')
const afterDollar = Buffer.from('%')

function topicLevels(key: Buffer, value: Buffer): readonly string[] {
  if (key.length <= whole) return key.toString('latin1').split('\0')
  return Buffer.from(topicOf(value)).toString('latin1').split('/')
}

function keyOf(levels: readonly string[]): Buffer {
  return Buffer.from(levels.join('\0'), 'latin1').subarray(0, whole)
}

/** The first key behind everything below these levels. */
function behind(levels: readonly string[]): Buffer {
  if (levels.length === 0) return Buffer.alloc(0)
  return Buffer.from(`${levels.join('\0')}\x01`, 'latin1')
}
