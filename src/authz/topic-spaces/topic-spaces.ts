import { RuleMistakes } from '../../config/rule-mistakes.ts'
import { didYouMean } from '../../config/suggest.ts'
import { parseTopicSpaces, type TopicSpaceResources } from '../../config/topic-spaces.ts'
import {
  type ClientGroup,
  everyone,
  type Given,
  type PermissionBinding,
  type Spot,
  type TopicSpace,
} from '../../config/topic-spaces-resource.ts'
import type { Pattern } from '../policy/pattern.ts'
import { type Condition, type Rule, readBits, writeBits } from '../policy/rule.ts'
import type { ReadRules, Remark } from '../policy/source.ts'
import { overlapsOf } from './overlap.ts'
import { parseQuery } from './query.ts'
import { QueryMistake } from './query-tokens.ts'
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
    const compilation = new Compilation(parseTopicSpaces(texts, mistakes), options, mistakes)
    const rules = compilation.rules()
    mistakes.check()
    return { rules, remarks: compilation.remarks }
  }
}

/** A topic space, its templates understood. */
interface Space {
  readonly resource: TopicSpace
  readonly templates: readonly { readonly pattern: Pattern; readonly at: Spot }[]
  readonly topics: readonly Pattern[]
}

class Compilation {
  readonly remarks: Remark[]
  readonly #resources: TopicSpaceResources
  readonly #fanoutChecks: boolean
  readonly #mistakes: RuleMistakes

  constructor(resources: TopicSpaceResources, { fanoutChecks }: TopicSpaceOptions, mistakes: RuleMistakes) {
    this.#resources = resources
    this.#fanoutChecks = fanoutChecks
    this.#mistakes = mistakes
    this.remarks = resources.passedOver.map(({ at: { file, line }, what }) => ({
      file,
      line,
      text: `passed over: ${what}`,
    }))
  }

  rules(): readonly Rule[] {
    const { clientGroups, topicSpaces, permissionBindings } = this.#resources
    const groups = this.#byName('client group', clientGroups, (group) => this.#members(group))
    const spaces = this.#byName('topic space', topicSpaces, (space) => this.#space(space))
    if (this.#fanoutChecks) this.#checkOverlaps(spaces.values())
    this.#byName(
      'permission binding',
      permissionBindings.filter(({ name }) => name !== ''),
      () => null,
    )
    const everybody: readonly Condition[] = []
    const conditions = new Map([...groups].map(([name, condition]) => [name, [condition]]))
    return permissionBindings.flatMap((binding) => {
      const who = binding.group.text === everyone ? everybody : this.#find('client group', conditions, binding.group)
      const space = this.#find('topic space', spaces, binding.space)
      return who === null || space === null ? [] : this.#rulesOf(binding, who, space)
    })
  }

  /** A resource whose name is there already is a mistake. */
  #byName<Resource extends { readonly name: string; readonly at: Spot }, T>(
    kind: string,
    resources: readonly Resource[],
    read: (resource: Resource) => T,
  ): Map<string, T> {
    const places = new Map<string, Spot>()
    const found = new Map<string, T>()
    for (const resource of resources) {
      const { name, at } = resource
      const { file, line } = places.get(name) ?? at
      if (places.has(name)) this.#wrong(at, `the ${kind} "${name}" is there already, at ${file}:${line}`)
      places.set(name, at)
      found.set(name, read(resource))
    }
    return found
  }

  #find<T>(kind: string, found: ReadonlyMap<string, T>, { text, at }: Given): T | null {
    const value = found.get(text)
    if (value !== undefined) return value
    const hint = this.#mistakes.enough ? '' : didYouMean(text, found.keys())
    this.#wrong(at, `there is no ${kind} ${JSON.stringify(text)}${hint}`)
    return null
  }

  #members({ name, query: { text, at } }: ClientGroup): Condition {
    const condition = `client is in group "${name}" (${shortened(text)})`
    try {
      const { holds, names } = parseQuery(text)
      return { text: condition, holds, ...(names !== null && { among: { fact: 'user', values: names } }) }
    } catch (error) {
      if (!(error instanceof QueryMistake)) throw error
      this.#wrong(at, `the query of client group "${name}", character ${error.at}: ${error.message}`)
      return { text: condition, holds: () => false }
    }
  }

  #space(resource: TopicSpace): Space {
    const templates: { pattern: Pattern; at: Spot }[] = []
    for (const { text, at } of resource.templates) {
      const pattern = parseTemplate(text)
      if (typeof pattern !== 'string') templates.push({ pattern, at })
      else this.#wrong(at, `the topic template ${JSON.stringify(shortened(text))} ${pattern}`)
    }
    return { resource, templates, topics: templates.map(({ pattern }) => pattern) }
  }

  /** Spaces that can be subscribed to must not have a topic in common. */
  #checkOverlaps(spaces: Iterable<Space>): void {
    const templates = [...spaces].flatMap(({ resource: { name, support }, templates: all }) =>
      support === null || support === 'NotSupported' ? [] : all.map(({ pattern, at }) => ({ name, pattern, at })),
    )
    const overlaps = overlapsOf(templates, ({ pattern }) => pattern)
    const [first] = templates
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

  #rulesOf({ permission, group, space, name, at }: PermissionBinding, who: Rule['who'], found: Space): readonly Rule[] {
    const { file, line } = at
    const { topics, resource } = found
    const { support } = resource
    const isSubscriber = permission === 'Subscriber'
    const text = `${name === '' ? '' : `permission binding "${name}": `}client group "${group.text}" is ${permission} of topic space "${space.text}"`
    if (this.#fanoutChecks && isSubscriber && support === 'NotSupported') {
      this.remarks.push({ file, line, text: `${text}, which says NotSupported: nobody can subscribe to it` })
      return []
    }
    const maximumSubscribers = this.#fanoutChecks && isSubscriber && support === 'LowFanout' ? lowFanout : 0
    const actions = isSubscriber ? readBits : writeBits
    const place = { file, line }
    return [{ effect: 'allow', actions, topics, who, maximumQos: 2, retain: null, maximumSubscribers, text, place }]
  }

  #wrong({ file, ...place }: Spot, message: string): void {
    this.#mistakes.add(file, place, message)
  }
}

/** On one line that is not long. */
function shortened(text: string): string {
  const line = text.slice(0, 500).replace(/\s+/g, ' ').trim()
  return line.length > 160 || text.length > 500 ? `${line.slice(0, 160)}…` : line
}
