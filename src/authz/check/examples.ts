import type { CaseAction } from '../../config/policy-test-case.ts'
import type { CaseWho } from '../../config/policy-test-who.ts'
import { type Pattern, rest, single } from '../policy/pattern.ts'
import { actionBit, type Rule } from '../policy/rule.ts'
import type { Subject } from '../policy/subject.ts'
import { type Attempt, subjectOf } from './cases.ts'
import { attributesIn } from './lint.ts'

export interface Examples {
  readonly attempts: readonly Attempt[]
  /** Rules with conditions that no example was found for. */
  readonly without: readonly Rule[]
  /** Rules that were not looked at, as there are enough examples. */
  readonly omitted: number
}

const enough = 20_000
const actions = ['connect', 'publish', 'subscribe', 'receive', 'will'] as const satisfies CaseAction[]

/**
 * What the rules are about, one attempt for each rule, topic and action: by a client that the rule is about, by another
 * with a name, and by one without.
 */
export function examplesOf(rules: readonly Rule[]): Examples {
  const attempts = new Map<string, Attempt>()
  const without: Rule[] = []
  let omitted = 0
  for (const rule of rules) {
    if (attempts.size >= enough) {
      omitted++
      continue
    }
    const clients = [clientOf(rule), stranger, nobody].map((who) => subjectOf(who))
    const [meant] = clients
    if (meant === undefined || !rule.who.every((condition) => condition.holds(meant))) without.push(rule)
    for (const action of actions) {
      if ((rule.actions & bitsOf(action)) === 0) continue
      for (const subject of clients) {
        for (const topic of action === 'connect' ? [''] : topicsOf(rule, action, meant ?? subject))
          add(attempts, {
            subject,
            request: { action, topic, qos: 0, retain: rule.retain ?? (rule.actions & actionBit.retain) !== 0 },
          })
      }
    }
  }
  return { attempts: [...attempts.values()], without, omitted }
}

function bitsOf(action: CaseAction): number {
  return action === 'publish' || action === 'will' ? actionBit[action] | actionBit.retain : actionBit[action]
}

function add(attempts: Map<string, Attempt>, attempt: Attempt): void {
  const { subject, request } = attempt
  const { identity } = subject
  const who = [
    subject.user,
    subject.clientId,
    identity.roles,
    identity.groups,
    identity.attributes,
    identity.certificate,
  ]
  const key = JSON.stringify([who, request.action, request.topic, request.retain])
  if (!attempts.has(key)) attempts.set(key, attempt)
}

const nobody: CaseWho = {
  client: 'somebody',
  user: null,
  roles: [],
  groups: [],
  attributes: {},
  listener: '',
  address: '192.0.2.1',
  method: 'anonymous',
  commonName: null,
  issuer: '',
  permissions: null,
}
const stranger: CaseWho = { ...nobody, client: 'somebody-else', user: 'somebody-else', method: 'password' }

/** A client with the first of each of the facts that the rule asks for, and the attributes that its topics have. */
function clientOf({ who, topics }: Rule): CaseWho {
  const first = (fact: string) => who.find(({ among }) => among?.fact === fact)?.among?.values[0]
  const role = first('role')
  const group = first('group')
  const user = first('user') ?? 'example'
  const patterns = typeof topics === 'string' ? [] : (topics ?? [])
  return {
    ...stranger,
    user,
    client: first('client') ?? 'example-client',
    roles: role === undefined ? [] : [role],
    groups: group === undefined ? [] : [group],
    attributes: Object.fromEntries(patterns.flatMap(attributesIn).map((name) => [name, `example-${name}`])),
    permissions: typeof topics === 'string' ? { publish: ['example/#'], subscribe: ['example/#'] } : null,
    commonName: user,
  }
}

/** Topics that the patterns of a rule match for a client; for `subscribe`, the filters themselves. */
function topicsOf({ topics }: Rule, action: CaseAction, subject: Subject): string[] {
  if (topics === null) return ['example/topic', '$SYS/example']
  if (typeof topics === 'string') return ['example/topic']
  return topics.flatMap((pattern) => topicOf(pattern, action === 'subscribe', subject) ?? [])
}

function topicOf({ levels }: Pattern, filter: boolean, subject: Subject): string | null {
  const texts: string[] = []
  for (const level of levels) {
    if (typeof level === 'string') texts.push(level)
    else if (level === single) texts.push(filter ? '+' : 'example')
    else if (level === rest) texts.push(filter ? '#' : 'example')
    else {
      const pieces = level.map((piece) => (typeof piece === 'string' ? piece : (piece.values(subject)[0] ?? '')))
      if (pieces.includes('')) return null
      texts.push(pieces.join(''))
    }
  }
  return texts.join('/')
}
