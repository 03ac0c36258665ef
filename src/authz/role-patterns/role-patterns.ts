import { type GivenPattern, parseRolePatterns, type RoleEntry } from '../../config/role-patterns.ts'
import { RuleMistakes } from '../../config/rule-mistakes.ts'
import { HasFact } from '../policy/has-fact.ts'
import type { Pattern } from '../policy/pattern.ts'
import type { Rule } from '../policy/rule.ts'
import type { ReadRules, Remark } from '../policy/source.ts'
import { hasNoRoles } from './role-conditions.ts'
import { parseRolePattern, unknownWord } from './role-pattern.ts'
import { RoleRule } from './role-rule.ts'

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
      addRules(rules, entry, file, { publish: patterns(entry.publish), subscribe: patterns(entry.subscribe) })
    }
  }
  mistakes.check()
  return { rules, remarks }
}

const verbs = ['publish', 'subscribe'] as const

/** Two for each verb, so that each can be found by what it asks of the client. */
function addRules(
  rules: Rule[],
  { role, line }: RoleEntry,
  file: string,
  topicsOf: Readonly<Record<(typeof verbs)[number], readonly Pattern[]>>,
): void {
  const withRole = [new HasFact('role', role)]
  const withName = [new HasFact('user', role), hasNoRoles]
  const place = { file, line }
  for (const verb of verbs) {
    const topics = topicsOf[verb]
    if (topics.length === 0) continue
    const grant = { role, verb, topics, place }
    rules.push(new RoleRule(grant, withRole), new RoleRule(grant, withName))
  }
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
