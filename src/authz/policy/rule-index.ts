import { type Entry, inFull, LevelNode } from './level-tree.ts'
import { OverlapIndex } from './overlap-index.ts'
import { actionBit, type Condition, type Fact, type Rule, readBits } from './rule.ts'
import type { Subject } from './subject.ts'

/** The rules about clients that have one fact in common, by number. */
export class Bucket {
  connecting: number[] = nothing
  /** Rules about all topics. */
  always: number[] = nothing
  /** Rules about the topics that came with the identity. */
  carried: number[] = nothing
  tree: LevelNode | null = null
  /** Of the rules about reading, those that allow, where that is asked for, and those that do not. */
  allowing: OverlapIndex | null = null
  denying: OverlapIndex | null = null
}

/**
 * Finds the rules that may be about a client: each rule is in one bucket by a user, client, role or group that it is about,
 * by that of its conditions which fewest rules share, or in the bucket of those that are found by nothing of the kind.
 */
export class RuleIndex {
  /** What is left to be asked of a client that found the rule in its buckets, by rule. */
  readonly conditions: (readonly Condition[])[] = []
  readonly #everybody = new Bucket()
  readonly #buckets: Readonly<Record<Fact, Map<string, Bucket>>> = {
    user: new Map(),
    client: new Map(),
    role: new Map(),
    group: new Map(),
  }
  readonly #partly: boolean
  #subject: Subject | null = null
  #about: Bucket[] = []

  /** `partly`: it is asked for rules that allow some of what a filter matches. */
  constructor(rules: readonly Rule[], partly: boolean) {
    const shares = new Shares(rules)
    this.#partly = partly
    rules.forEach((rule, number) => {
      this.#add(rule, number, shares.choose(rule))
    })
  }

  /** The buckets with all rules that may be about a client. Good until the next call. */
  about(subject: Subject): readonly Bucket[] {
    if (subject === this.#subject) return this.#about
    const about = [this.#everybody]
    const { user, client, role, group } = this.#buckets
    if (subject.user !== null) append(about, user.get(subject.user))
    append(about, client.get(subject.clientId))
    if (role.size > 0) for (const name of subject.roles) append(about, role.get(name))
    if (group.size > 0) for (const name of subject.groups) append(about, group.get(name))
    this.#subject = subject
    this.#about = about
    return about
  }

  #add(rule: Rule, number: number, chosen: Condition | null): void {
    this.conditions.push(chosen === null ? rule.who : withoutOne(rule.who, chosen))
    const filed = new FiledRule(rule, number, this.#partly)
    if (chosen?.among === undefined) {
      filed.addTo(this.#everybody)
      return
    }
    const buckets = this.#buckets[chosen.among.fact]
    for (const value of new Set(chosen.among.values)) {
      const found = buckets.get(value)
      const bucket = found ?? new Bucket()
      if (found === undefined) buckets.set(value, bucket)
      filed.addTo(bucket)
    }
  }
}

const nothing: number[] = []
const noConditions: readonly Condition[] = []

function append(into: Bucket[], bucket: Bucket | undefined): void {
  if (bucket !== undefined) into.push(bucket)
}

function withoutOne(conditions: readonly Condition[], one: Condition): readonly Condition[] {
  return conditions.length === 1 ? noConditions : conditions.filter((condition) => condition !== one)
}

/** A rule on its way into buckets. */
class FiledRule {
  readonly #number: number
  readonly #connects: boolean
  readonly #topics: Rule['topics']
  readonly #entries: readonly Entry[]
  /** Where it is listed for filters that it may overlap with. */
  readonly #listed: 'allowing' | 'denying' | null

  constructor(rule: Rule, number: number, partly: boolean) {
    const actions = rule.actions & ~actionBit.connect
    this.#number = number
    this.#connects = (rule.actions & actionBit.connect) !== 0
    this.#topics = actions === 0 ? [] : rule.topics
    const patterns = actions === 0 || rule.topics === null || typeof rule.topics === 'string' ? [] : rule.topics
    this.#entries = patterns.map(({ levels }) => ({
      rule: number,
      levels: inFull(levels),
      actions,
      file: rule.place.file,
    }))
    this.#listed = (actions & readBits) === 0 ? null : listedAs(rule, partly)
  }

  addTo(bucket: Bucket): void {
    if (this.#connects) bucket.connecting = plus(bucket.connecting, this.#number)
    if (this.#topics === null) bucket.always = plus(bucket.always, this.#number)
    else if (typeof this.#topics === 'string') bucket.carried = plus(bucket.carried, this.#number)
    for (const entry of this.#entries) {
      ;(bucket.tree ??= new LevelNode()).add(entry)
      if (this.#listed !== null) (bucket[this.#listed] ??= new OverlapIndex()).add(entry)
    }
  }
}

function listedAs({ effect }: Rule, partly: boolean): 'allowing' | 'denying' | null {
  if (effect !== 'allow') return 'denying'
  return partly ? 'allowing' : null
}

function plus(numbers: number[], number: number): number[] {
  if (numbers === nothing) return [number]
  numbers.push(number)
  return numbers
}

/** How many rules share what they can be found by. */
class Shares {
  readonly #counts: Readonly<Record<Fact, Map<string, number>>> = {
    user: new Map(),
    client: new Map(),
    role: new Map(),
    group: new Map(),
  }
  /** A rule is in as many buckets as it names values; this many are left for rules that name more than one. */
  #copies: number

  constructor(rules: readonly Rule[]) {
    this.#copies = copiesPerRule * rules.length
    for (const { who } of rules) for (const { among } of who) if (among !== undefined) this.#count(among)
  }

  choose(rule: Rule): Condition | null {
    let chosen: Condition | null = null
    let fewest = Number.POSITIVE_INFINITY
    for (const condition of rule.who) {
      if (condition.among === undefined || condition.among.values.length > this.#copies) continue
      const shared = this.#most(condition.among)
      if (shared >= fewest) continue
      chosen = condition
      fewest = shared
    }
    if (chosen?.among !== undefined && chosen.among.values.length > 1) this.#copies -= chosen.among.values.length
    return chosen
  }

  #count({ fact, values }: NonNullable<Condition['among']>): void {
    const counts = this.#counts[fact]
    if (values.length <= this.#copies) for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  }

  #most({ fact, values }: NonNullable<Condition['among']>): number {
    const counts = this.#counts[fact]
    return values.reduce((most, value) => Math.max(most, counts.get(value) ?? 0), 0)
  }
}

const copiesPerRule = 8
