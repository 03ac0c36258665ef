// Rules in the order in which they are looked at, as other products have them:
//
//   rules:
//     - name: devices say how warm it is
//       access: Write
//       client: { pattern: 'device.*' }
//       topic: { pattern: '/{%client%}/temperature' }
//     - { access: Read, client: { specific: hall }, topic: All }
//
// The first rule decides whose client and topic match and whose access says what the client wants to do, or Deny. A rule
// for reading is no answer to a client that writes: the next one is looked at.

import { type OrderedRule, parseOrderedRules } from '../../config/ordered-rules.ts'
import { RuleMistakes } from '../../config/rule-mistakes.ts'
import type { Pattern } from '../policy/pattern.ts'
import { type Condition, type Rule, readBits, unlimited, writeBits } from '../policy/rule.ts'
import type { ReadRules, Remark } from '../policy/source.ts'
import { ClientConditions } from './client.ts'
import { topicRemark, topicsOf } from './topic.ts'

/** Reads files of ordered rules, in the order of the files. */
export const readOrderedRules: ReadRules = (texts) => {
  const mistakes = new RuleMistakes()
  const rules: Rule[] = []
  const remarks: Remark[] = []
  const clients = new ClientConditions()
  for (const [file, text] of texts) {
    for (const ordered of parseOrderedRules(text, file, mistakes)) {
      if (mistakes.enough) break
      const rule = compile(ordered, file, clients, mistakes)
      if (rule === null) continue
      rules.push(rule)
      const remark = topicRemark(ordered.topic)
      if (remark !== null) remarks.push({ file, line: ordered.placed.line, text: remark })
    }
  }
  mistakes.check()
  return { rules, remarks }
}

const bits = { Deny: readBits | writeBits, Read: readBits, Write: writeBits, ReadWrite: readBits | writeBits } as const

/** Null when something is wrong. */
function compile(rule: OrderedRule, file: string, clients: ClientConditions, mistakes: RuleMistakes): Rule | null {
  const add = (key: 'client' | 'topic', message: string) =>
    mistakes.add(file, rule.placed.position([key, rule[key].kind], null), message)
  const who = clients.of(rule.client, rule.access === 'Deny')
  const topics = topicsOf(rule.topic)
  if (typeof who === 'string') add('client', who)
  if (typeof topics === 'string') add('topic', topics)
  return typeof who === 'string' || typeof topics === 'string' ? null : ruleOf(rule, file, who, topics)
}

function ruleOf(rule: OrderedRule, file: string, who: readonly Condition[], topics: readonly Pattern[] | null): Rule {
  return {
    ...unlimited,
    effect: rule.access === 'Deny' ? 'deny' : 'allow',
    actions: bits[rule.access],
    topics,
    who,
    text: textOf(rule),
    place: { file, line: rule.placed.line },
  }
}

function textOf({ name, access, client, topic }: OrderedRule): string {
  const title = name === '' ? '' : `${name}: `
  return `${title}${access}, client ${client.text || 'All'}, topic ${topic.text || 'All'}`
}
