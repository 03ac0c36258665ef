import type { Message } from './message.ts'
import type { RetainedIndex } from './store-ports.ts'

class Node {
  message: Message | null = null
  children: Map<string, Node> | null = null
}

/** Retained messages in memory, in a tree of topic levels. */
export class RetainedTree implements RetainedIndex {
  readonly #root = new Node()
  #sweeping: Generator<Message> | null = null

  get(topic: string): Message | null {
    let node: Node | undefined = this.#root
    for (const level of topic.split('/')) {
      node = node.children?.get(level)
      if (node === undefined) return null
    }
    return node.message
  }

  weight(topic: string): number {
    return this.get(topic)?.weight ?? 0
  }

  put(message: Message): number {
    message.keep()
    const node = this.#reach(message.topic.text)
    const before = node.message
    node.message = message
    return before === null ? 0 : before.weight
  }

  drop(topic: string): number {
    return remove(this.#root, topic.split('/'), 0)
  }

  matching(pattern: string): Iterator<Message | null> {
    return below(this.#root, pattern.split('/'), 0)
  }

  totals(): { readonly count: number; readonly weight: number } {
    let count = 0
    let weight = 0
    for (const message of everything(this.#root)) {
      count++
      weight += message.weight
    }
    return { count, weight }
  }

  expired(now: number, count: number): readonly string[] {
    const topics: string[] = []
    for (let looked = 0; looked < count; looked++) {
      this.#sweeping ??= everything(this.#root)
      const next = this.#sweeping.next()
      if (next.done === true) {
        this.#sweeping = null
        break
      }
      if (next.value.expired(now)) topics.push(next.value.topic.text)
    }
    return topics
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
}

/** Removes the message, and the nodes nothing is left at; returns what it weighed. */
function remove(node: Node, levels: readonly string[], index: number): number {
  if (index === levels.length) {
    const weight = node.message === null ? 0 : node.message.weight
    node.message = null
    return weight
  }
  const child = node.children?.get(levels[index])
  if (child === undefined) return 0
  const weight = remove(child, levels, index + 1)
  if (child.message === null && child.children === null) {
    node.children?.delete(levels[index])
    if (node.children?.size === 0) node.children = null
  }
  return weight
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
