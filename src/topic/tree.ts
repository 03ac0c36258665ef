/**
 * What clients subscribed to, by topic filter. One node per level:
 *
 *     a/b      root ─ a ─ b ■          ■ the values of the filter that ends here
 *     a/+/c    root ─ a ─(+)─ c ■
 *     a/#      root ─ a ▪              ▪ those of the filter that ends here with `#`
 *
 * A node with one child keeps it without a Map, and a filter with one value keeps it without an array: at a million
 * filters that is most of the memory. A filter with many values keeps them in a Set, so that leaving it stays cheap.
 */
export class Tree<Value extends object> {
  readonly #root = new Node<Value>('', null)
  #version = 0
  #filters = 0

  /** Changes whenever a match may have a different outcome. */
  get version(): number {
    return this.#version
  }

  /** How many values are held. */
  get size(): number {
    return this.#filters
  }

  add(pattern: string, value: Value): void {
    const node = this.#reach(pattern)
    if (endsOpen(pattern)) node.open = plus(node.open, value)
    else node.values = plus(node.values, value)
    this.#version++
    this.#filters++
  }

  /** Removes a value that was added with this pattern; true when it was there. */
  remove(pattern: string, value: Value): boolean {
    const node = this.#find(pattern)
    if (node === null) return false
    const held = endsOpen(pattern) ? node.open : node.values
    if (!holds(held, value)) return false
    const left = minus(held, value)
    if (endsOpen(pattern)) node.open = left
    else node.values = left
    this.#version++
    this.#filters--
    prune(node)
    return true
  }

  /** The first value added with exactly this pattern that `test` accepts, or null. */
  get(pattern: string, test: (value: Value) => boolean): Value | null {
    const node = this.#find(pattern)
    const held = node === null ? null : endsOpen(pattern) ? node.open : node.values
    if (held === null) return null
    return list(held).find(test) ?? null
  }

  /** Appends to `into` the values of every filter that matches the topic name [MQTT 4.7]. */
  match(topic: string, into: Value[]): void {
    const depth = split(topic)
    walk(this.#root, 0, depth, into, topic.charCodeAt(0) === 0x24)
  }

  #reach(pattern: string): Node<Value> {
    let node = this.#root
    const depth = split(pattern) - (endsOpen(pattern) ? 1 : 0)
    for (let index = 0; index < depth; index++) node = node.child(levels[index]) ?? node.grow(levels[index])
    return node
  }

  #find(pattern: string): Node<Value> | null {
    let node: Node<Value> | null = this.#root
    const depth = split(pattern) - (endsOpen(pattern) ? 1 : 0)
    for (let index = 0; index < depth && node !== null; index++) node = node.child(levels[index])
    return node
  }
}

type Held<Value> = Value | Value[] | Set<Value> | null

const many = 64

class Node<Value extends object> {
  readonly level: string
  readonly parent: Node<Value> | null
  /** No child, one, or several by level. `+` is kept apart because every match asks for it. */
  children: Node<Value> | Map<string, Node<Value>> | null = null
  single: Node<Value> | null = null
  values: Held<Value> = null
  open: Held<Value> = null

  constructor(level: string, parent: Node<Value> | null) {
    this.level = level
    this.parent = parent
  }

  child(level: string): Node<Value> | null {
    if (level === '+') return this.single
    const children = this.children
    if (children === null) return null
    if (children instanceof Node) return children.level === level ? children : null
    return children.get(level) ?? null
  }

  grow(level: string): Node<Value> {
    const node = new Node<Value>(level, this)
    const children = this.children
    if (level === '+') this.single = node
    else if (children === null) this.children = node
    else if (children instanceof Node) {
      this.children = new Map([
        [children.level, children],
        [level, node],
      ])
    } else children.set(level, node)
    return node
  }

  shed(level: string): void {
    if (level === '+') this.single = null
    else if (this.children instanceof Map && this.children.size > 1) this.children.delete(level)
    else this.children = null
  }

  get empty(): boolean {
    return this.values === null && this.open === null && this.children === null && this.single === null
  }
}

/** The levels of the topic or filter at hand: filled by `split`, so that a match makes no array. */
const levels: string[] = []

function split(text: string): number {
  let depth = 0
  let start = 0
  for (let slash = text.indexOf('/'); slash >= 0; slash = text.indexOf('/', start)) {
    levels[depth++] = text.slice(start, slash)
    start = slash + 1
  }
  levels[depth++] = start === 0 ? text : text.slice(start)
  return depth
}

function walk<Value extends object>(
  node: Node<Value>,
  index: number,
  depth: number,
  into: Value[],
  dollar: boolean,
): void {
  // `#` matches the level before it too, and neither `#` nor `+` matches a first level that begins with `$` [MQTT-4.7.2-1].
  if (node.open !== null && !(dollar && index === 0)) collect(node.open, into)
  if (index === depth) {
    if (node.values !== null) collect(node.values, into)
    return
  }
  const child = node.children === null ? null : node.child(levels[index])
  if (child !== null && levels[index] !== '+') walk(child, index + 1, depth, into, dollar)
  if (node.single !== null && !(dollar && index === 0)) walk(node.single, index + 1, depth, into, dollar)
}

function collect<Value extends object>(held: Value | Value[] | Set<Value>, into: Value[]): void {
  if (Array.isArray(held)) for (let index = 0; index < held.length; index++) into.push(held[index])
  else if (held instanceof Set) for (const value of held) into.push(value)
  else into.push(held)
}

function prune<Value extends object>(start: Node<Value>): void {
  let node = start
  while (node.empty && node.parent !== null) {
    node.parent.shed(node.level)
    node = node.parent
  }
}

/** The filter ends with `#`. */
function endsOpen(pattern: string): boolean {
  return pattern === '#' || pattern.endsWith('/#')
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

function list<Value extends object>(held: Value | Value[] | Set<Value>): Value[] {
  if (held instanceof Set) return [...held]
  return Array.isArray(held) ? held : [held]
}
