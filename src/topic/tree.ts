import { matches } from './filter.ts'
import { LevelTable } from './level-table.ts'

/** What a tree holds, by its topic filter. */
export interface Filtered {
  readonly pattern: string
}

/** One value, several, or so many that leaving must stay cheap. */
type Held<Value> = Value | Value[] | Set<Value> | null

const many = 64
const root = 1
const slash = 0x2f
const plusSign = 0x2b

/**
 * What clients subscribed to, by topic filter. One node per level:
 *
 *     a/b      root ─ a ─ b ■          ■ the values of the filter that ends here
 *     a/+/c    root ─ a ─(+)─ c ■
 *     a/#      root ─ a ▪              ▪ those of the filter that ends here with `#`
 *
 * Nodes are numbers and know their levels by hash alone: at a million filters, objects and texts would be most of the
 * memory and most of the time. Two levels with the same hash share a node, so what is found is compared with the topic
 * before it counts.
 */
export class Tree<Value extends Filtered> {
  readonly #seed: number
  readonly #children = new LevelTable()
  /** By node: its parent, its hash, its child `+` (0 for none), how many children it has. */
  #parents = new Int32Array(16)
  #hashes = new Int32Array(16)
  #singles = new Int32Array(16)
  #counts = new Int32Array(16)
  readonly #values: Held<Value>[] = [null, null]
  readonly #opens: Held<Value>[] = [null, null]
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

  /** How many nodes there are besides the root. */
  get nodes(): number {
    return this.#values.length - 2 - this.#free.length
  }

  add(value: Value): void {
    const { pattern } = value
    const node = this.#reach(pattern)
    const held = endsOpen(pattern) ? this.#opens : this.#values
    held[node] = plus(held[node], value)
    this.#version++
    this.#size++
  }

  /** Removes a value; true when it was there. */
  remove(value: Value): boolean {
    const { pattern } = value
    const node = this.#find(pattern)
    const held = endsOpen(pattern) ? this.#opens : this.#values
    if (node === 0 || !holds(held[node], value)) return false
    held[node] = minus(held[node], value)
    this.#version++
    this.#size--
    this.#prune(node)
    return true
  }

  /** Appends to `into` the values of every filter that matches the topic name [MQTT 4.7]. */
  match(topic: string, into: Value[]): void {
    const depth = hashLevels(topic, this.#seed)
    this.#walk(root, 0, depth, topic, into, topic.charCodeAt(0) === 0x24)
  }

  #walk(node: number, index: number, depth: number, topic: string, into: Value[], dollar: boolean): void {
    const first = index === 0
    // `#` matches the level before it too, and neither `#` nor `+` matches a first level that begins with `$` [MQTT-4.7.2-1].
    const open = this.#opens[node]
    if (open !== null && !(dollar && first)) collect(open, topic, into)
    if (index === depth) {
      const values = this.#values[node]
      if (values !== null) collect(values, topic, into)
      return
    }
    if (this.#counts[node] === 0) return
    const child = this.#children.get(node, hashes[index])
    if (child !== 0) this.#walk(child, index + 1, depth, topic, into, dollar)
    const single = this.#singles[node]
    if (single !== 0 && !(dollar && first)) this.#walk(single, index + 1, depth, topic, into, dollar)
  }

  #reach(pattern: string): number {
    let node = root
    const depth = hashLevels(pattern, this.#seed) - (endsOpen(pattern) ? 1 : 0)
    for (let index = 0; index < depth; index++) {
      const next = this.#step(node, index)
      node = next === 0 ? this.#grow(node, index) : next
    }
    return node
  }

  #find(pattern: string): number {
    let node = root
    const depth = hashLevels(pattern, this.#seed) - (endsOpen(pattern) ? 1 : 0)
    for (let index = 0; index < depth && node !== 0; index++) node = this.#step(node, index)
    return node
  }

  #step(node: number, index: number): number {
    return singles[index] === 1 ? this.#singles[node] : this.#children.get(node, hashes[index])
  }

  #grow(parent: number, index: number): number {
    const node = this.#free.pop() ?? this.#values.push(null) - 1
    if (node === this.#opens.length) this.#opens.push(null)
    if (node >= this.#parents.length) this.#enlarge()
    this.#parents[node] = parent
    this.#hashes[node] = hashes[index]
    this.#counts[parent]++
    if (singles[index] === 1) this.#singles[parent] = node
    else this.#children.add(parent, hashes[index], node)
    return node
  }

  #enlarge(): void {
    this.#parents = twice(this.#parents)
    this.#hashes = twice(this.#hashes)
    this.#singles = twice(this.#singles)
    this.#counts = twice(this.#counts)
  }

  #prune(start: number): void {
    let node = start
    while (node !== root && this.#counts[node] === 0 && this.#values[node] === null && this.#opens[node] === null) {
      const parent = this.#parents[node]
      if (this.#singles[parent] === node) this.#singles[parent] = 0
      else this.#children.delete(parent, this.#hashes[node])
      this.#counts[parent]--
      this.#free.push(node)
      node = parent
    }
  }
}

/** The levels of the topic or filter at hand, as hashes, and which of them are `+`. */
let hashes = new Int32Array(256)
let singles = new Uint8Array(256)

/** Fills `hashes` and `singles`; returns how many levels there are. */
function hashLevels(text: string, seed: number): number {
  let depth = 0
  let hash = seed
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
    singles[depth] = at === start + 1 && text.charCodeAt(start) === plusSign ? 1 : 0
    depth++
    start = at + 1
    hash = seed
  }
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

function collect<Value extends Filtered>(held: Value | Value[] | Set<Value>, topic: string, into: Value[]): void {
  if (Array.isArray(held)) for (let index = 0; index < held.length; index++) offer(held[index], topic, into)
  else if (held instanceof Set) for (const value of held) offer(value, topic, into)
  else offer(held, topic, into)
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
