import { HasFact } from '../policy/has-fact.ts'
import { type Pattern, plainPattern } from '../policy/pattern.ts'
import { type Condition, type Rule, readBits, unlimited, writeBits } from '../policy/rule.ts'
import { shared } from '../policy/shared.ts'
import type { Remark } from '../policy/source.ts'
import { type AclLine, accessBits } from './line.ts'
import { hasIdleVariable, variablePattern } from './pattern.ts'

/** What a file says of one user, of those without a name, or of everybody. */
interface Section {
  readonly who: readonly Condition[]
  readonly denials: Rule[]
  readonly grants: Rule[]
}

type RuleLine = Exclude<AclLine, { kind: 'user' }>

/** The lines of one file on the way to rules. */
export class AclFile {
  readonly file: string
  readonly remarks: Remark[] = []
  readonly #users = new Map<string, Section>()
  readonly #withoutName: Section = { who: [noUserName], denials: [], grants: [] }
  readonly #patterns: Section = { who: [], denials: [], grants: [] }
  readonly #plainPatterns = new Map<string, readonly Pattern[]>()
  readonly #variablePatterns = new Map<string, readonly Pattern[]>()
  #current: Section = this.#withoutName
  #firstPattern = 0

  constructor(file: string) {
    this.file = file
  }

  add(line: AclLine, text: string, number: number): void {
    if (line.kind === 'user') this.#current = this.#sectionOf(line.name)
    else if (line.kind === 'topic') this.#addTopic(line, text, number)
    else this.#addPattern(line, text, number)
  }

  /** In the order in which they are looked at. */
  rules(): Rule[] {
    const rules: Rule[] = []
    for (const { denials, grants } of [this.#withoutName, ...this.#users.values()]) append(rules, denials, grants)
    const { denials, grants } = this.#patterns
    if (denials.length > 0 || grants.length > 0) rules.push(this.#namesRule())
    append(rules, denials, grants)
    return rules
  }

  #sectionOf(name: string): Section {
    let section = this.#users.get(name)
    if (section === undefined) {
      section = { who: [new HasFact('user', name)], denials: [], grants: [] }
      this.#users.set(name, section)
    }
    return section
  }

  #addTopic(line: RuleLine, text: string, number: number): void {
    const topics = shared(this.#plainPatterns, line.filter, (filter) => [plainPattern(filter)])
    put(this.#current, line, this.#rule(line, topics, this.#current.who, text, number))
    this.#remarkOnAccess(line, number)
    if (/(^|\/)%[cu](\/|$)/.test(line.filter))
      this.#remark(number, 'in a "topic" line %c and %u stand for themselves: write "pattern" to have them filled in')
  }

  #addPattern(line: RuleLine, text: string, number: number): void {
    if (this.#firstPattern === 0) this.#firstPattern = number
    const topics = shared(this.#variablePatterns, line.filter, (filter) => [variablePattern(filter)])
    const idle = hasIdleVariable(line.filter)
    // Mosquitto passes over a line with %u for clients without user name, even if it stands for itself.
    const who = idle && line.filter.includes('%u') ? [anyUserName] : this.#patterns.who
    put(this.#patterns, line, this.#rule(line, topics, who, text, number))
    this.#remarkOnAccess(line, number)
    if (idle)
      this.#remark(number, '%c and %u are filled in where they are a whole level only, here they stand for themselves')
    else if (topics[0]?.levels.every((level) => typeof level !== 'object') === true)
      this.#remark(number, 'the pattern has neither %c nor %u as a level: it is a rule for all clients')
  }

  #remarkOnAccess({ access, filter, kind }: RuleLine, number: number): void {
    if (access === null && Object.hasOwn(accessBits, filter))
      this.#remark(number, `"${filter}" is the topic here, for reading and writing: write "${kind} ${filter} FILTER"`)
  }

  #remark(line: number, text: string): void {
    this.remarks.push({ file: this.file, line, text })
  }

  #rule({ access }: RuleLine, topics: readonly Pattern[], who: readonly Condition[], text: string, line: number): Rule {
    const effect = access === 'deny' ? 'deny' : 'allow'
    const actions = accessBits[access ?? 'readwrite']
    const place = { file: this.file, line }
    return { ...unlimited, effect, actions, topics, who, text, place }
  }

  /** A name with a wildcard must not meet a pattern, whatever it would make of it. */
  #namesRule(): Rule {
    return {
      ...unlimited,
      effect: 'deny',
      actions: readBits | writeBits,
      topics: null,
      who: [wildcardInName],
      text: 'no pattern is for names with + or #',
      place: { file: this.file, line: this.#firstPattern },
      implied: true,
    }
  }
}

function put(section: Section, { access }: RuleLine, rule: Rule): void {
  if (access === 'deny') section.denials.push(rule)
  else section.grants.push(rule)
}

function append(rules: Rule[], ...lists: readonly (readonly Rule[])[]): void {
  for (const list of lists) for (const rule of list) rules.push(rule)
}

const noUserName: Condition = { text: 'client has no user name', holds: ({ user }) => user === null }
const anyUserName: Condition = { text: 'client has a user name', holds: ({ user }) => user !== null }
const wildcardInName: Condition = {
  text: 'user name or client identifier has + or #',
  holds: ({ user, clientId }) => (user !== null && /[+#]/.test(user)) || /[+#]/.test(clientId),
}
