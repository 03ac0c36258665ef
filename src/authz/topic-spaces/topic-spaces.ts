import { RuleMistakes } from '../../config/rule-mistakes.ts'
import { didYouMean } from '../../config/suggest.ts'
import { type Resources, readResources } from '../../config/topic-spaces.ts'
import {
  type ClientGroup,
  everyone,
  type Given,
  type PermissionBinding,
  type Spot,
  type TopicSpace,
} from '../../config/topic-spaces-resource.ts'
import type { Pattern } from '../policy/pattern.ts'
import type { Condition, Rule } from '../policy/rule.ts'
import type { ReadRules, Remark } from '../policy/source.ts'
import { BindingRule, bindingText } from './binding-rule.ts'
import { InGroup } from './in-group.ts'
import { overlapsOf } from './overlap.ts'
import { parseQuery } from './query.ts'
import { QueryMistake } from './query-tokens.ts'
import { shortened } from './shortened.ts'
import { parseTemplate } from './template.ts'

export interface TopicSpaceOptions {
  /** What spaces say of the support of subscriptions counts. */
  readonly fanoutChecks: boolean
}

/** Sessions that may subscribe to the same topics of a space with low fan-out. */
const lowFanout = 10

/** Reads client groups, topic spaces and permission bindings: each binding is a rule that allows something. */
export function readTopicSpaces(options: TopicSpaceOptions): ReadRules {
  return (texts) => {
    const mistakes = new RuleMistakes()
    const compilation = new Compilation(options, mistakes)
    readResources(texts, compilation, mistakes)
    const rules = compilation.rules()
    mistakes.check()
    return { rules, remarks: compilation.remarks }
  }
}

/** Resources of one kind by their names. */
type Named<T> = Map<string, { readonly at: Spot; readonly value: T }>

/** A topic space, its templates understood. */
interface Space {
  readonly support: TopicSpace['support']
  readonly topics: readonly Pattern[]
}

/** A template that is compared with others. */
interface Template {
  readonly name: string
  readonly pattern: Pattern
  readonly at: Spot
}

/** Groups and spaces are understood as they are read, bindings when all of those are known. */
class Compilation implements Resources {
  readonly remarks: Remark[] = []
  readonly #fanoutChecks: boolean
  readonly #mistakes: RuleMistakes
  readonly #groups: Named<readonly Condition[]> = new Map()
  readonly #spaces: Named<Space> = new Map()
  readonly #bindings: PermissionBinding[] = []
  /** Those of spaces that can be subscribed to, while that counts. */
  readonly #templates: Template[] = []

  constructor({ fanoutChecks }: TopicSpaceOptions, mistakes: RuleMistakes) {
    this.#fanoutChecks = fanoutChecks
    this.#mistakes = mistakes
  }

  clientGroup(group: ClientGroup): void {
    this.#keep(this.#groups, 'client group', group, this.#members(group))
  }

  topicSpace(space: TopicSpace): void {
    this.#keep(this.#spaces, 'topic space', space, this.#space(space))
  }

  permissionBinding(binding: PermissionBinding): void {
    this.#bindings.push(binding)
  }

  passedOver({ file, line }: Spot, what: string): void {
    this.remarks.push({ file, line, text: `passed over: ${what}` })
  }

  rules(): readonly Rule[] {
    if (this.#fanoutChecks) this.#checkOverlaps()
    const everybody: readonly Condition[] = []
    const known: Named<null> = new Map()
    const rules: Rule[] = []
    for (const binding of this.#bindings) {
      if (binding.name !== '') this.#keep(known, 'permission binding', binding, null)
      const { group } = binding
      const who = group.text === everyone ? everybody : this.#find('client group', this.#groups, group)
      const space = this.#find('topic space', this.#spaces, binding.space)
      const rule = who === null || space === null ? null : this.#ruleOf(binding, who, space)
      if (rule !== null) rules.push(rule)
    }
    return rules
  }

  /** A resource whose name is there already is a mistake. */
  #keep<T>(known: Named<T>, kind: string, { name, at }: { readonly name: string; readonly at: Spot }, value: T): void {
    const before = known.get(name)?.at
    if (before !== undefined)
      this.#wrong(at, `the ${kind} "${name}" is there already, at ${before.file}:${before.line}`)
    known.set(name, { at, value })
  }

  #find<T>(kind: string, known: Named<T>, given: Given): T | null {
    const found = known.get(given.text)
    if (found !== undefined) return found.value
    const hint = this.#mistakes.enough ? '' : didYouMean(given.text, known.keys())
    this.#wrong(given, `there is no ${kind} ${JSON.stringify(given.text)}${hint}`)
    return null
  }

  #members(group: ClientGroup): readonly Condition[] {
    const { name, query } = group
    try {
      return [new InGroup(group, parseQuery(query.text))]
    } catch (error) {
      if (!(error instanceof QueryMistake)) throw error
      this.#wrong(query, `the query of client group "${name}", character ${error.at}: ${error.message}`)
      return []
    }
  }

  #space({ name, templates, support }: TopicSpace): Space {
    const isCompared = this.#fanoutChecks && support !== null && support !== 'NotSupported'
    const topics: Pattern[] = []
    for (const given of templates) {
      const pattern = parseTemplate(given.text)
      if (typeof pattern === 'string') {
        this.#wrong(given, `the topic template ${JSON.stringify(shortened(given.text))} ${pattern}`)
        continue
      }
      topics.push(pattern)
      if (isCompared) this.#templates.push({ name, pattern, at: given })
    }
    return { support, topics }
  }

  /** Spaces that can be subscribed to must not have a topic in common. */
  #checkOverlaps(): void {
    const overlaps = overlapsOf(this.#templates, ({ pattern }) => pattern)
    const [first] = this.#templates
    if (overlaps === null && first !== undefined)
      this.#wrong(first.at, 'the topic templates have too many shapes to be compared: say fanout_checks: false')
    for (const { earlier, later } of overlaps ?? []) {
      const [one, other] = [earlier, later].map(
        ({ name, pattern: { text } }) => `"${shortened(text)}" of topic space "${name}"`,
      )
      const advice = 'they may not while both can be subscribed to'
      this.#wrong(later.at, `the topic template ${other} overlaps with ${one}: ${advice}`)
    }
  }

  /** Null for a binding that comes to nothing. */
  #ruleOf(binding: PermissionBinding, who: readonly Condition[], { support, topics }: Space): Rule | null {
    const isChecked = this.#fanoutChecks && binding.permission === 'Subscriber'
    if (isChecked && support === 'NotSupported') {
      const { file, line } = binding.at
      const text = `${bindingText(binding)}, which says NotSupported: nobody can subscribe to it`
      this.remarks.push({ file, line, text })
      return null
    }
    return new BindingRule(binding, who, topics, isChecked && support === 'LowFanout' ? lowFanout : 0)
  }

  #wrong(at: Spot, message: string): void {
    this.#mistakes.add(at.file, at, message)
  }
}
