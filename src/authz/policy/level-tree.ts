import { type Level, rest, single } from './pattern.ts'
import type { Pieces } from './substitution.ts'

/**
 * Patterns by their levels. A node keeps its patterns loose until there are too many to look at one by one, and only then
 * takes them apart:
 *
 *     (root) ─ dt ─┬─ demo ─ loose: dt/demo/+, dt/demo/a/#
 *                  ├─(+)── loose: dt/+/state
 *                  └─({client})─ opens: dt/{client}/#
 *
 * A node knows the lowest rule below it, and what the rules below it are about, so that a search for the first rule that
 * matches passes by what cannot be better than what it has.
 */
export class LevelNode {
  loose: Entry[] = nothing
  branches: Branches | null = null
  /** Bits of all actions of the rules here and below. */
  actions = 0
  /** The lowest number of the rules here and below. */
  lowest = none

  add(entry: Entry): void {
    let node: LevelNode = this
    for (let depth = 0; ; depth++) {
      node.#note(entry)
      if (node.branches === null) {
        node.#keep(entry)
        if (node.loose.length > mostLoose && depth < deepest) takeApart(node, depth)
        return
      }
      const next = node.branches.place(entry, depth)
      if (next === null) return
      node = next
    }
  }

  /** As `add`, without taking anything apart. */
  put(entry: Entry): void {
    this.#note(entry)
    this.#keep(entry)
  }

  #keep(entry: Entry): void {
    if (this.loose === nothing) this.loose = [entry]
    else this.loose.push(entry)
  }

  #note(entry: Entry): void {
    this.actions |= entry.actions
    if (entry.rule < this.lowest) this.lowest = entry.rule
  }
}

/** One pattern of one rule. */
export interface Entry {
  /** The number of the rule. Entries are added in the order of their rules. */
  readonly rule: number
  /** In full, see `inFull`. */
  readonly levels: readonly Level[]
  readonly actions: number
  /** Where the rule is written: in one file, variables of the same text stand for the same in the same level. */
  readonly file: string
}

/** `/#` as `/+/#`, see `fullLevels`: there is no topic that is one empty level. */
export function inFull(levels: readonly Level[]): readonly Level[] {
  return levels.length === 2 && levels[0] === '' && levels[1] === rest ? emptyThenMore : levels
}

const emptyThenMore: readonly Level[] = ['', single, rest]

/** More than any number of a rule. */
export const none = 0x3fff_ffff

/** What follows a node that was taken apart. */
export class Branches {
  /** The rules whose pattern ends here, and those whose pattern ends here with `#`. */
  readonly ends: number[] = []
  readonly opens: number[] = []
  readonly texts = new Map<string, LevelNode>()
  single: LevelNode | null = null
  variables: VariableBranches | null = null

  /** Where an entry goes on; null when it ends here. */
  place(entry: Entry, depth: number): LevelNode | null {
    if (depth === entry.levels.length) return keepEnd(this.ends, entry.rule)
    const level = entry.levels[depth]
    if (level === rest) return keepEnd(this.opens, entry.rule)
    if (level === single) return (this.single ??= new LevelNode())
    if (typeof level !== 'string') return (this.variables ??= new VariableBranches()).place(level, entry.file)
    const found = this.texts.get(level)
    if (found !== undefined) return found
    const made = new LevelNode()
    this.texts.set(level, made)
    return made
  }
}

export interface VariableBranch {
  readonly pieces: Pieces
  readonly node: LevelNode
}

/** Levels with variables, found by the text they begin with. */
export class VariableBranches {
  readonly all: VariableBranch[] = []
  /** The lengths of the texts they begin with. */
  readonly lengths: number[] = []
  readonly byPrefix = new Map<string, VariableBranch[]>()
  readonly #byKey = new Map<string, VariableBranch>()

  place(pieces: Pieces, file: string): LevelNode {
    const key = keyOf(pieces, file)
    const found = this.#byKey.get(key)
    if (found !== undefined) return found.node
    const branch = { pieces, node: new LevelNode() }
    this.#byKey.set(key, branch)
    this.all.push(branch)
    this.#keep(typeof pieces[0] === 'string' ? pieces[0] : '', branch)
    return branch.node
  }

  #keep(prefix: string, branch: VariableBranch): void {
    const others = this.byPrefix.get(prefix)
    if (others !== undefined) others.push(branch)
    else this.byPrefix.set(prefix, [branch])
    if (!this.lengths.includes(prefix.length)) this.lengths.push(prefix.length)
  }
}

/** Loose patterns of a node. */
const mostLoose = 8
/** Levels behind which nothing is taken apart, so that a few very long patterns do not become very many nodes. */
const deepest = 32
const nothing: Entry[] = []

function takeApart(first: LevelNode, from: number): void {
  let node: LevelNode | null = first
  for (let depth = from; node !== null && depth < deepest; depth++) {
    const { loose }: LevelNode = node
    const branches = new Branches()
    node.branches = branches
    node.loose = nothing
    // All of them may have gone the same way: then that node has too many in its turn.
    let crowded: LevelNode | null = null
    for (const entry of loose) {
      const next = branches.place(entry, depth)
      next?.put(entry)
      if (next !== null && next.loose.length > mostLoose) crowded = next
    }
    node = crowded
  }
}

/** A pattern that is there twice in a rule counts once. */
function keepEnd(rules: number[], rule: number): null {
  if (rules.at(-1) !== rule) rules.push(rule)
  return null
}

/** The same for pieces that are the same. */
function keyOf(pieces: Pieces, file: string): string {
  let key = `${file}\0`
  for (const piece of pieces) {
    const text = typeof piece === 'string' ? piece : piece.text
    key += `${typeof piece === 'string' ? 't' : 'v'}${text.length}:${text}`
  }
  return key
}
