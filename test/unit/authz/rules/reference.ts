// What docs/access-rules.md says of rules, written down a second time in the plainest way: over what a file has in it, rule
// by rule, topic by topic, and every topic spelled out for every value of its variables.

import { covers, overlaps } from '../../../../src/topic/cover.ts'

export interface RawRule {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  readonly topics?: readonly string[]
  readonly qos?: 0 | 1 | 2
  readonly retain?: boolean
  readonly users?: readonly string[]
  readonly clients?: readonly string[]
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  readonly listener?: string
  readonly address?: string
  readonly anonymous?: boolean
  readonly attributes?: Readonly<Record<string, string | number | readonly string[]>>
  readonly unless?: RawRule
}

export interface RawWho {
  readonly user?: string
  readonly client: string
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  readonly listener: string
  readonly address: string
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>
}

export interface RawRequest {
  readonly action: 'connect' | 'publish' | 'subscribe' | 'receive' | 'will'
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

/** The number of the rule that decides, -1 for none; for `subscribe` only whether it is allowed. */
export function evaluate(
  rules: readonly RawRule[],
  who: RawWho,
  request: RawRequest,
): { allowed: boolean; rule: number } {
  if (request.action === 'subscribe') return { allowed: subscribes(rules, who, request), rule: -1 }
  for (const [rule, raw] of rules.entries()) {
    if (!isAbout(raw, who, request)) continue
    const named = request.action === 'connect' || filtersOf(raw, who) === null
    if (named || filtersOf(raw, who)?.some((filter) => isMatch(filter, request.topic)))
      return { allowed: raw.allow !== undefined, rule }
  }
  const lets = rules.some(({ allow }) => allow?.includes('connect'))
  return { allowed: request.action === 'connect' && !lets, rule: -1 }
}

/** Everything the filter matches may be subscribed to, as the rules say one after the other. */
function subscribes(rules: readonly RawRule[], who: RawWho, request: RawRequest): boolean {
  for (const raw of rules) {
    if (!isAbout(raw, who, request)) continue
    const filters = filtersOf(raw, who)
    const all = filters === null || filters.some((filter) => covers(filter, request.topic))
    const some = all || filters.some((filter) => overlaps(filter, request.topic))
    if (raw.allow === undefined && some) return false
    if (raw.allow !== undefined && all) return true
  }
  return false
}

function isAbout(rule: RawRule, who: RawWho, { action, qos, retain }: RawRequest): boolean {
  const words = rule.allow ?? rule.deny ?? []
  const sends = action === 'publish' || action === 'will'
  const meant =
    words.includes(action) ||
    (action === 'will' && words.includes('publish')) ||
    (action === 'receive' && words.includes('subscribe')) ||
    (sends && retain && words.includes('retain'))
  if (!meant || !holds(rule, who)) return false
  if (sends && rule.retain !== undefined && rule.retain !== retain) return false
  return !(sends || action === 'subscribe') || qos <= (rule.qos ?? 2)
}

function holds(rule: RawRule, who: RawWho): boolean {
  const oneOf = (wanted: readonly string[] | undefined, have: readonly string[]) =>
    wanted === undefined || have.some((name) => wanted.some((text) => isLike(text, name)))
  return (
    oneOf(rule.users, who.user === undefined ? [] : [who.user]) &&
    oneOf(rule.clients, [who.client]) &&
    oneOf(rule.roles, who.roles ?? []) &&
    oneOf(rule.groups, who.groups ?? []) &&
    oneOf(rule.listener === undefined ? undefined : [rule.listener], [who.listener]) &&
    (rule.address === undefined || isIn(rule.address, who.address)) &&
    (rule.anonymous === undefined || rule.anonymous === (who.user === undefined)) &&
    Object.entries(rule.attributes ?? {}).every(([name, test]) => fits(test, who.attributes[name])) &&
    (rule.unless === undefined || !holds(rule.unless, who))
  )
}

/** `*` for any characters, letter by letter. */
function isLike(text: string, name: string): boolean {
  if (text === '') return name === ''
  if (text[0] === '*') return isLike(text.slice(1), name) || (name !== '' && isLike(text, name.slice(1)))
  return name !== '' && text[0] === name[0] && isLike(text.slice(1), name.slice(1))
}

function isIn(network: string, address: string): boolean {
  const [host = '', length = '32'] = network.split('/')
  const bits = (text: string) =>
    text
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
      .slice(0, Number(length))
  return bits(host) === bits(address)
}

type Test = string | number | readonly string[]

function fits(test: Test, value: Test | undefined): boolean {
  if (value === undefined) return false
  const items = (typeof value === 'object' ? value : [value]).map(String)
  const wanted = typeof test === 'object' ? test : [String(test)]
  const [, operator, operand = ''] = /^(!=|<=|<|>=|>) (.*)$/.exec(typeof test === 'string' ? test : '') ?? []
  if (operator === undefined) return items.some((item) => wanted.some((text) => isLike(text, item)))
  if (operator === '!=') return items.every((item) => item !== operand)
  return items.some((item) => {
    if (!/^-?\d+$/.test(item)) return false
    const difference = Number(item) - Number(operand)
    return (operator.includes('=') && difference === 0) || (operator.includes('<') ? difference < 0 : difference > 0)
  })
}

/** The topics of a rule for every value of their variables; null for all topics. */
function filtersOf({ topics }: RawRule, who: RawWho): string[] | null {
  if (topics === undefined) return null
  return topics.flatMap((topic) => spelledOut(topic, who))
}

function spelledOut(topic: string, who: RawWho): string[] {
  const found = /\{(\w+)(?:\.(\w+))?\}/.exec(topic)
  if (found === null) return [topic]
  const [text, word, name = ''] = found
  const attribute = who.attributes[name] ?? []
  const values = {
    user: who.user === undefined ? [] : [who.user],
    client: [who.client],
    role: who.roles ?? [],
    attributes: typeof attribute === 'object' ? attribute : [String(attribute)],
  }[word ?? '']
  const usable = (values ?? []).filter(
    (value) => value !== '' && !/[+#/\0]/.test(value) && !(found.index === 0 && value.startsWith('$')),
  )
  return usable.flatMap((value) =>
    spelledOut(
      topic.replace(text, () => value),
      who,
    ),
  )
}

function isMatch(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false
  return levelsMatch(filter.split('/'), topic.split('/'))
}

function levelsMatch([first, ...others]: readonly string[], levels: readonly string[]): boolean {
  if (first === undefined) return levels.length === 0
  if (first === '#') return true
  return levels.length > 0 && (first === '+' || first === levels[0]) && levelsMatch(others, levels.slice(1))
}
