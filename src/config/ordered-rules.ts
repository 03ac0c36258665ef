import type { Path } from './names.ts'
import { shown } from './problem.ts'
import { type Placed, readRuleFile } from './rule-file.ts'
import type { RuleMistakes } from './rule-mistakes.ts'
import { didYouMean } from './suggest.ts'

/** One of an ordered list of rules, of which the first that matches decides. */
export interface OrderedRule {
  /** Empty when it has none. */
  readonly name: string
  readonly access: OrderedAccess
  readonly client: OrderedMatch
  readonly topic: OrderedMatch
  /** Where it stands. */
  readonly placed: Placed
}

export type OrderedAccess = (typeof accessWords)[number]

/** What a rule is about: everything, one thing, or what looks like it. */
export interface OrderedMatch {
  readonly kind: 'all' | 'specific' | 'pattern'
  /** Empty for all. */
  readonly text: string
}

const accessWords = ['Deny', 'Read', 'Write', 'ReadWrite'] as const
const keys = ['name', 'access', 'client', 'topic']
const all: OrderedMatch = { kind: 'all', text: '' }

/** Takes a YAML or JSON text with ordered rules apart; what is wrong with it is added to `mistakes`. */
export function parseOrderedRules(text: string, file: string, mistakes: RuleMistakes): OrderedRule[] {
  const { head, items } = readRuleFile(text, 'rules', file, mistakes)
  const add = (path: Path, key: string | null, message: string) => mistakes.add(file, head.position(path, key), message)
  checkKeys(head.value, ['rules'], (key, message) => add([], key, message))
  if (items === null) {
    // All rules are commented out.
    if (isEmptyList(head.value)) return []
    // What is no YAML or too large has no list either, and its mistake said more.
    mistakes.check()
    add([], null, 'there is no list of rules: write "rules:" and each rule behind a "- " below it')
    return []
  }
  const rules: OrderedRule[] = []
  for (const item of items) {
    if (mistakes.enough) break
    const rule = new RuleReader(item, file, mistakes).read()
    if (rule !== null) rules.push(rule)
  }
  return rules
}

function isEmptyList(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'rules' in value && value.rules === null
}

class RuleReader {
  readonly #rule: Placed
  readonly #file: string
  readonly #mistakes: RuleMistakes

  constructor(rule: Placed, file: string, mistakes: RuleMistakes) {
    this.#rule = rule
    this.#file = file
    this.#mistakes = mistakes
  }

  /** Null when something is wrong. */
  read(): OrderedRule | null {
    const { value } = this.#rule
    if (!isSection(value)) {
      this.#add([], null, `a rule is a section with ${keys.join(', ')}, not ${shown(value)}`)
      return null
    }
    // What seems to be missing may be the one with the wrong name.
    if (!checkKeys(value, keys, (key, message) => this.#add([], key, message))) return null
    const name = this.#name(value)
    const access = this.#access(value)
    const client = this.#match(value, 'client', 'the name of a client', 'a regular expression')
    const topic = this.#match(value, 'topic', 'a topic filter', 'a topic filter with {%client%}')
    if (name === null || access === null || client === null || topic === null) return null
    return { name, access, client, topic, placed: this.#rule }
  }

  #name({ name }: Section): string | null {
    if (name === undefined) return ''
    if (typeof name === 'string' && name.length <= 256 && !/\p{Cc}/u.test(name)) return name
    this.#add(['name'], null, `name must be a text on one line, of 256 characters at most, not ${shown(name)}`)
    return null
  }

  #access({ access }: Section): OrderedAccess | null {
    const word = typeof access === 'string' ? access.replace(/[ /_-]/g, '').toLowerCase() : ''
    const found = accessWords.find((known) => known.toLowerCase() === word)
    if (found !== undefined) return found
    const message = access === undefined ? 'access is missing: it is' : `access must be`
    const given = access === undefined ? '' : `, not ${shown(access)}`
    this.#add(access === undefined ? [] : ['access'], null, `${message} one of ${accessWords.join(', ')}${given}`)
    return null
  }

  #match(rule: Section, key: 'client' | 'topic', specific: string, pattern: string): OrderedMatch | null {
    const value = rule[key]
    if (typeof value === 'string' && value.toLowerCase() === 'all') return all
    const found = isSection(value) ? this.#choice(value, key) : undefined
    if (found !== undefined) return found
    const forms = `All, { specific: … } with ${specific}, or { pattern: … } with ${pattern}`
    if (value === undefined) this.#add([], null, `${key} is missing: it is ${forms}`)
    else this.#add([key], null, `${key} must be ${forms}; not ${shown(value)}`)
    return null
  }

  /** Undefined for a section of another form, null for one with a wrong value. */
  #choice(section: Section, key: 'client' | 'topic'): OrderedMatch | null | undefined {
    const entries = Object.entries(section)
    const [kind, text] = entries[0] ?? []
    if (entries.length !== 1 || (kind !== 'specific' && kind !== 'pattern')) return undefined
    if (typeof text === 'string' && text !== '') return { kind, text }
    this.#add([key, kind], null, `${kind} must be a text, which may need quotes, not ${shown(text)}`)
    return null
  }

  #add(path: Path, key: string | null, message: string): void {
    this.#mistakes.add(this.#file, this.#rule.position(path, key), message)
  }
}

type Section = Readonly<Record<string, unknown>>

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True when there are no others. */
function checkKeys(value: unknown, known: readonly string[], add: (key: string, message: string) => void): boolean {
  const unknown = isSection(value) ? Object.keys(value).filter((key) => !known.includes(key)) : []
  for (const key of unknown) add(key, `${shown(key)} is not known${didYouMean(key, known)}`)
  return unknown.length === 0
}
