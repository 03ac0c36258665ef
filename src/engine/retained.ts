import type { Counters } from '../base/counters.ts'
import type { Message } from './message.ts'
import type { Settings } from './settings.ts'

class Node {
  message: Message | null = null
  children: Map<string, Node> | null = null
}

/** The retained messages [MQTT 3.3.1.3], one a topic, in a tree of topic levels for subscriptions with wildcards. */
export class Retained {
  readonly #root = new Node()
  readonly #settings: Settings
  readonly #counters: Counters
  #sweeping: Generator<Message> | null = null

  constructor(settings: Settings, counters: Counters) {
    this.#settings = settings
    this.#counters = counters
  }

  /** True when there is room for the message, that of its topic aside. */
  admits(message: Message): boolean {
    const { maximumRetained, maximumRetainedBytes } = this.#settings
    const { retained, retainedBytes } = this.#counters
    if (retained < maximumRetained && retainedBytes + message.weight <= maximumRetainedBytes) return true
    const before = this.get(message.topic.text)
    return before !== null && retainedBytes - before.weight + message.weight <= maximumRetainedBytes
  }

  /** Stores a message in place of the one its topic had. False when that would go over a limit; the old one is gone then too. */
  set(message: Message): boolean {
    const counters = this.#counters
    const node = this.#reach(message.topic.text)
    if (node.message !== null) {
      counters.retained--
      counters.retainedBytes -= node.message.weight
      node.message = null
    }
    const { maximumRetained, maximumRetainedBytes } = this.#settings
    if (counters.retained >= maximumRetained || counters.retainedBytes + message.weight > maximumRetainedBytes) {
      this.delete(message.topic.text)
      return false
    }
    message.keep()
    node.message = message
    counters.retained++
    counters.retainedBytes += message.weight
    return true
  }

  delete(topic: string): boolean {
    return this.#remove(this.#root, topic.split('/'), 0)
  }

  get(topic: string): Message | null {
    let node: Node | undefined = this.#root
    for (const level of topic.split('/')) {
      node = node.children?.get(level)
      if (node === undefined) return null
    }
    return node.message
  }

  /**
   * The retained messages a filter matches, found one by one; the tree may change in between. Gives null now and then
   * while it finds nothing, so that a search through a large tree can be interrupted.
   */
  matching(pattern: string): Iterator<Message | null> {
    return below(this.#root, pattern.split('/'), 0)
  }

  /** Looks at the next `count` messages and removes those that have expired. */
  sweep(now: number, count: number): void {
    for (let looked = 0; looked < count; looked++) {
      this.#sweeping ??= everything(this.#root)
      const next = this.#sweeping.next()
      if (next.done === true) {
        this.#sweeping = null
        return
      }
      if (next.value.expired(now)) this.delete(next.value.topic.text)
    }
  }

  #reach(topic: string): Node {
    let node = this.#root
    for (let start = 0; start <= topic.length; ) {
      const slash = topic.indexOf('/', start)
      const end = slash < 0 ? topic.length : slash
      const level = topic.slice(start, end)
      node.children ??= new Map()
      let child = node.children.get(level)
      if (child === undefined) node.children.set(level, (child = new Node()))
      node = child
      start = end + 1
    }
    return node
  }

  /** Removes the message, and the nodes nothing is left at; true when there was one. */
  #remove(node: Node, levels: readonly string[], index: number): boolean {
    if (index === levels.length) {
      const message = node.message
      if (message === null) return false
      this.#counters.retained--
      this.#counters.retainedBytes -= message.weight
      node.message = null
      return true
    }
    const child = node.children?.get(levels[index])
    if (child === undefined) return false
    const removed = this.#remove(child, levels, index + 1)
    if (child.message === null && child.children === null) {
      node.children?.delete(levels[index])
      if (node.children?.size === 0) node.children = null
    }
    return removed
  }
}

/** Nodes passed before a search gives way. */
const breath = 500

function* below(node: Node, levels: readonly string[], index: number): Generator<Message | null> {
  if (index === levels.length) {
    if (node.message !== null) yield node.message
    return
  }
  const level = levels[index]
  if (level === '#') {
    // `a/#` matches `a` too.
    if (node.message !== null) yield node.message
    if (node.children === null) return
    for (const [name, child] of node.children) if (index > 0 || !name.startsWith('$')) yield* everything(child)
  } else if (level === '+') {
    if (node.children === null) return
    let passed = 0
    for (const [name, child] of node.children) {
      if (index > 0 || !name.startsWith('$')) yield* below(child, levels, index + 1)
      if (++passed % breath === 0) yield null
    }
  } else {
    const child = node.children?.get(level)
    if (child !== undefined) yield* below(child, levels, index + 1)
  }
}

/** Every message at and under a node: a stack of its own, for `yield*` would pass each message up level by level. */
function* everything(root: Node): Generator<Message> {
  if (root.message !== null) yield root.message
  if (root.children === null) return
  const stack = [root.children.values()]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.next()
    if (next.done === true) {
      stack.pop()
      continue
    }
    if (next.value.message !== null) yield next.value.message
    if (next.value.children !== null) stack.push(next.value.children.values())
  }
}
