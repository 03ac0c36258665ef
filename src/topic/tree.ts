import { hasWildcard, matches } from './filter.ts'
import { Field, LevelTable, nowhere } from './level-table.ts'

/** What a tree holds, by its topic filter. */
export interface Filtered {
  readonly pattern: string
}

/** One value, several, or so many that leaving must stay cheap. */
type Held<Value> = Value | Value[] | Set<Value> | null

const many = 64
const root = 1
const whole = 2
const holdsValues = 1
const holdsOpen = 2
const holdsBoth = 3
const childUnit = 4
const slash = 0x2f
const plusSign = 0x2b

/**
 * What clients subscribed to, by topic filter. Filters with wildcards have one node per level, others one in all:
 *
 *     a/+/c    root ─ a ─(+)─ c ■      ■ the values of the filter that ends here
 *     a/#      root ─ a ▪              ▪ those of the filter that ends here with `#`
 *     a/b      whole ─ a/b ■
 *
 * Nodes are numbers and know their levels by hash alone: at a million filters, objects and texts would be most of the
 * memory and most of the time. Two levels with the same hash share a node, so what is found is compared with the topic
 * before it counts.
 */
export class Tree<Value extends Filtered> {
  readonly #seed: number
  /** The state of a node is `childUnit` for each child, plus what it holds. */
  readonly #table = new LevelTable()
  /** By node: the values of the filter that ends here, or else of the one that ends here with `#`; its state says which. */
  readonly #held: Held<Value>[] = [null, null, null]
  /** Those of the filters that end with `#` where another ends without. */
  readonly #alsoOpen = new Map<number, Held<Value>>()
  readonly #free: number[] = []
  #version = 0
  #size = 0

  /** `seed` makes the hashes differ from process to process, so that nobody can choose levels that collide. */
  constructor(seed: number = Math.trunc(Math.random() * 0x7fff_ffff)) {
    this.#seed = seed
  }

  /** Changes whenever a match may have a different outcome. */
  get version(): number {
    return this.#version
  }

  /** How many values are held. */
  get size(): number {
    return this.#size
  }

  /** How many nodes there are besides the two that are always there. */
  get nodes(): number {
    return this.#held.length - 3 - this.#free.length
  }

  add(value: Value): void {
    const { pattern } = value
    const node = this.#reach(pattern)
    const open = endsOpen(pattern)
    this.#hold(node, open, plus(this.#heldAt(node, open), value))
    this.#version++
    this.#size++
  }

  /** Removes a value; true when it was there. */
  remove(value: Value): boolean {
    const { pattern } = value
    const node = this.#find(pattern)
    const open = endsOpen(pattern)
    const held = this.#heldAt(node, open)
    if (node === nowhere || !holds(held, value)) return false
    this.#hold(node, open, minus(held, value))
    this.#version++
    this.#size--
    this.#prune(node)
    return true
  }

  /** Appends to `into` the values of every filter that matches the topic name [MQTT 4.7]. */
  match(topic: string, into: Value[]): void {
    const depth = hashLevels(topic, this.#seed)
    const exact = this.#table.get(whole, wholeHash)
    if (exact !== nowhere) collect(this.#heldAt(exact, false), topic, into)
    this.#walk(root, 0, depth, topic, into, topic.charCodeAt(0) === 0x24)
  }

  #walk(node: number, index: number, depth: number, topic: string, into: Value[], dollar: boolean): void {
    const state = this.#state(node)
    // `#` matches the level before it too, and neither `#` nor `+` matches a first level that begins with `$` [MQTT-4.7.2-1].
    const hidden = dollar && index === 0
    if ((state & holdsOpen) !== 0 && !hidden) collect(this.#heldAt(node, true), topic, into)
    if (index === depth) {
      if ((state & holdsValues) !== 0) collect(this.#heldAt(node, false), topic, into)
      return
    }
    if (state < childUnit) return
    const child = this.#table.get(node, hashes[index])
    if (child !== nowhere) this.#walk(child, index + 1, depth, topic, into, dollar)
    const single = this.#table.field(node, Field.Single)
    if (single !== nowhere && !hidden) this.#walk(single, index + 1, depth, topic, into, dollar)
  }

  /** The node where a filter ends, made if need be. */
  #reach(pattern: string): number {
    const depth = hashLevels(pattern, this.#seed) - (endsOpen(pattern) ? 1 : 0)
    if (!hasWildcard(pattern)) {
      const exact = this.#table.get(whole, wholeHash)
      return exact === nowhere ? this.#grow(whole, wholeHash, false) : exact
    }
    let node = root
    for (let index = 0; index < depth; index++) {
      const next = this.#step(node, index)
      node = next === nowhere ? this.#grow(node, hashes[index], singles[index] === 1) : next
    }
    return node
  }

  #find(pattern: string): number {
    const depth = hashLevels(pattern, this.#seed) - (endsOpen(pattern) ? 1 : 0)
    if (!hasWildcard(pattern)) return this.#table.get(whole, wholeHash)
    let node = root
    for (let index = 0; index < depth && node !== nowhere; index++) node = this.#step(node, index)
    return node
  }

  #step(node: number, index: number): number {
    return singles[index] === 1 ? this.#table.field(node, Field.Single) : this.#table.get(node, hashes[index])
  }

  #grow(parent: number, hash: number, single: boolean): number {
    const table = this.#table
    const node = this.#free.pop() ?? this.#held.push(null) - 1
    table.create(node, parent, hash)
    this.#setState(parent, this.#state(parent) + childUnit)
    if (single) table.setField(parent, Field.Single, node)
    else table.link(node)
    return node
  }

  #prune(start: number): void {
    const table = this.#table
    let node = start
    while (node > whole && this.#state(node) === 0) {
      const parent = table.field(node, Field.Parent)
      if (table.field(parent, Field.Single) === node) table.setField(parent, Field.Single, nowhere)
      else table.unlink(node)
      this.#setState(parent, this.#state(parent) - childUnit)
      this.#free.push(node)
      node = parent
    }
  }

  #heldAt(node: number, open: boolean): Held<Value> {
    const state = this.#state(node) & holdsBoth
    if (state === holdsBoth && open) return this.#alsoOpen.get(node) ?? null
    return (state & (open ? holdsOpen : holdsValues)) === 0 ? null : this.#held[node]
  }

  #hold(node: number, open: boolean, held: Held<Value>): void {
    const other = this.#heldAt(node, !open)
    if (held !== null && other !== null) {
      this.#held[node] = open ? other : held
      this.#alsoOpen.set(node, open ? held : other)
    } else {
      this.#held[node] = held ?? other
      this.#alsoOpen.delete(node)
    }
    const bit = open ? holdsOpen : holdsValues
    this.#setState(node, held === null ? this.#state(node) & ~bit : this.#state(node) | bit)
  }

  #state(node: number): number {
    return this.#table.field(node, Field.State)
  }

  #setState(node: number, state: number): void {
    this.#table.setField(node, Field.State, state)
  }
}

/** The levels of the topic or filter at hand, as hashes, and which of them are `+`. */
let hashes = new Int32Array(256)
let singles = new Uint8Array(256)
/** The hash of all levels together. */
let wholeHash = 0

/** Fills `hashes` and `singles`; returns how many levels there are. */
function hashLevels(text: string, seed: number): number {
  let depth = 0
  let hash = seed
  let all = seed
  let start = 0
  for (let at = 0; at <= text.length; at++) {
    const char = at === text.length ? slash : text.charCodeAt(at)
    if (char !== slash) {
      hash = Math.imul(hash ^ char, 0x5bd1e995)
      hash ^= hash >>> 15
      continue
    }
    if (depth === hashes.length) {
      hashes = twice(hashes)
      singles = twice(singles)
    }
    hashes[depth] = hash
    all = Math.imul(all ^ hash, 0x7feb352d)
    all ^= all >>> 15
    singles[depth] = at === start + 1 && text.charCodeAt(start) === plusSign ? 1 : 0
    depth++
    start = at + 1
    hash = seed
  }
  wholeHash = all
  return depth
}

function twice<Numbers extends Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(numbers: Numbers): Numbers
function twice(numbers: Int32Array | Uint8Array): Int32Array | Uint8Array {
  const larger = numbers instanceof Int32Array ? new Int32Array(numbers.length * 2) : new Uint8Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

/** The filter ends with `#`. */
function endsOpen(pattern: string): boolean {
  return pattern === '#' || pattern.endsWith('/#')
}

function collect<Value extends Filtered>(held: Held<Value>, topic: string, into: Value[]): void {
  if (Array.isArray(held)) for (let index = 0; index < held.length; index++) offer(held[index], topic, into)
  else if (held instanceof Set) for (const value of held) offer(value, topic, into)
  else if (held !== null) offer(held, topic, into)
}

function offer<Value extends Filtered>(value: Value, topic: string, into: Value[]): void {
  if (value.pattern === topic || matches(value.pattern, topic)) into.push(value)
}

function plus<Value extends object>(held: Held<Value>, value: Value): Held<Value> {
  if (held === null) return value
  if (held instanceof Set) return held.add(value)
  if (!Array.isArray(held)) return [held, value]
  held.push(value)
  return held.length > many ? new Set(held) : held
}

function holds<Value extends object>(held: Held<Value>, value: Value): boolean {
  if (held instanceof Set) return held.has(value)
  return Array.isArray(held) ? held.includes(value) : held === value
}

function minus<Value extends object>(held: Held<Value>, value: Value): Held<Value> {
  if (held instanceof Set) {
    held.delete(value)
    return held.size > 0 ? held : null
  }
  if (!Array.isArray(held)) return null
  // The last takes the place of the one that leaves: cheap, and the order of subscribers means nothing.
  const index = held.indexOf(value)
  held[index] = held[held.length - 1]
  held.pop()
  return held.length === 1 ? held[0] : held
}
