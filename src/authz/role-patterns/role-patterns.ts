import { type GivenPattern, parseRolePatterns, type RoleEntry } from '../../config/role-patterns.ts'
import { RuleMistakes } from '../../config/rule-mistakes.ts'
import type { Pattern } from '../policy/pattern.ts'
import { type Condition, type Rule, readBits, writeBits } from '../policy/rule.ts'
import type { ReadRules, Remark } from '../policy/source.ts'
import { parseRolePattern, unknownWord } from './role-pattern.ts'

/**
 * Reads the topic patterns of roles: a client may do what any of its roles may. Who has no roles has one, that is its
 * name: so it is for users with passwords. A token that says nothing of roles gives none.
 */
export const readRolePatterns: ReadRules = (texts) => {
  const mistakes = new RuleMistakes()
  const remarks: Remark[] = []
  const rules: Rule[] = []
  for (const [file, text] of texts) {
    for (const entry of parseRolePatterns(text, file, mistakes)) {
      const patterns = (given: readonly GivenPattern[]) => given.flatMap((one) => compile(one, file, mistakes, remarks))
      const publish = { actions: writeBits, verb: 'publish', topics: patterns(entry.publish) }
      const subscribe = { actions: readBits, verb: 'subscribe', topics: patterns(entry.subscribe) }
      for (const grant of [publish, subscribe]) if (grant.topics.length > 0) rules.push(...rulesOf(entry, file, grant))
    }
  }
  mistakes.check()
  return { rules, remarks }
}

function compile(given: GivenPattern, file: string, mistakes: RuleMistakes, remarks: Remark[]): Pattern[] {
  const pattern = parseRolePattern(given.text)
  if (typeof pattern === 'string') {
    mistakes.add(file, given, pattern)
    return []
  }
  const word = unknownWord(given.text)
  const text = `${word} in the pattern ${given.text} stands for itself: only :id stands for the client`
  if (word !== null) remarks.push({ file, line: given.line, text })
  return [pattern]
}

interface Grant {
  readonly actions: number
  readonly verb: string
  readonly topics: readonly Pattern[]
}

/** Two rules, so that each can be found by what it asks of the client. */
function rulesOf({ role, line }: RoleEntry, file: string, { actions, verb, topics }: Grant): readonly Rule[] {
  const words = `may ${verb}: ${topics.map((topic) => topic.text).join(', ')}`.slice(0, 500).replace(/\p{Cc}/gu, ' ')
  const named = JSON.stringify(role)
  const base = {
    effect: 'allow',
    actions,
    topics,
    maximumQos: 2,
    retain: null,
    maximumSubscribers: 0,
    place: { file, line },
  } as const
  return [
    { ...base, who: [hasRole(role)], text: `role ${named} ${words}` },
    { ...base, who: [isUser(role), hasNoRoles], text: `role ${named} of the user ${named} ${words}` },
  ]
}

function hasRole(role: string): Condition {
  return {
    text: `role is ${JSON.stringify(role)}`,
    holds: ({ roles }) => roles.has(role),
    among: { fact: 'role', values: [role] },
  }
}

function isUser(name: string): Condition {
  return {
    text: `user is ${JSON.stringify(name)}`,
    holds: ({ user }) => user === name,
    among: { fact: 'user', values: [name] },
  }
}

const hasNoRoles: Condition = {
  text: 'client has no roles, and did not come with a token',
  holds: ({ roles, identity }) => roles.size === 0 && identity.method !== 'token',
}
