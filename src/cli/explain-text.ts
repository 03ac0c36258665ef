import type { AttributeValue, ExplainedRule, Explanation, PassedRule } from '../engine/ports.ts'
import type { PresumedClient } from './explain-client.ts'
import type { Answer } from './explain-request.ts'

/** An explanation for people: the answer first, then why, then who was asked about. */
export function answerLines(answer: Answer): string[] {
  const { allowed, request, who, why, explanation, gets } = answer
  const told = `${allowed ? 'allowed' : 'denied'}: ${subjectOf(who)} ${requestText(request)}`
  const lines = [told, '', ...labelled('why', [why]), ...ruleLines(why, explanation?.rule ?? null)]
  if (gets !== null) lines.push(...labelled('gets', [gets]))
  if (explanation !== null) lines.push(...passedLines(explanation))
  lines.push('', ...whoLines(who))
  const refused = who.refused !== null && request.action !== 'connect' ? [notLetIn(who.refused)] : []
  return [...lines, ...labelled('note', [...refused, ...who.notes])].map(printable)
}

function notLetIn(refused: string): string {
  return `the client would not even be let in: ${refused}`
}

function subjectOf({ client: { id, identity } }: PresumedClient): string {
  const name = identity.name === '' || identity.name === id ? '' : ` of ${quoted(identity.name)}`
  return `the client ${quoted(id)}${name}`
}

const phrases = {
  connect: { words: 'connecting', retained: '' },
  publish: { words: 'publishing to', retained: ', retained' },
  subscribe: { words: 'subscribing to', retained: '' },
  receive: { words: 'receiving from', retained: '' },
  will: { words: 'having a will published to', retained: ', retained' },
} as const

function requestText({ action, topic, qos, retain }: Answer['request']): string {
  const { words, retained } = phrases[action]
  if (action === 'connect') return words
  const terms = action === 'receive' ? '' : ` with QoS ${qos}${retain ? retained : ''}`
  return `${words} ${quoted(topic)}${terms}`
}

/** What the reason does not say of the rule already. */
function ruleLines(why: string, rule: ExplainedRule | null): string[] {
  if (rule === null) return []
  return labelled('rule', why.includes(`${rule.place}: ${rule.text}`) ? substituted(rule) : ruleText(rule))
}

function ruleText(rule: ExplainedRule): string[] {
  return [`${rule.place}: ${rule.text}`, ...substituted(rule)]
}

/** The filter of a rule, unless it stands in the rule as it is. */
function substituted({ text, filter }: ExplainedRule): string[] {
  const isThere = text.split(/[\s"'`,;()[\]{}]+/).includes(filter)
  return filter === '' || isThere ? [] : [`for this client: ${filter}`]
}

/** What came before the rule that decided, and for a denial what came nearest to allowing it. */
function passedLines({ before, beforeCount, nearest }: Explanation): string[] {
  const nearestLines = nearest === null ? [] : labelled('nearest', passedText(nearest))
  if (beforeCount === 0) return nearestLines
  const about =
    before.length === 0
      ? 'none about this client, action or topic'
      : `${before.length} about this client, action or topic`
  const count = `${beforeCount} ${beforeCount === 1 ? 'rule' : 'rules'}, ${about}`
  return [...nearestLines, ...labelled('before it', [count, ...before.flatMap(passedText)])]
}

function passedText({ rule, why }: PassedRule): string[] {
  return [...ruleText(rule), `  did not decide: ${why}`]
}

function whoLines({ client, from }: PresumedClient): string[] {
  const { identity, listener, peer } = client
  const { name, method, roles = [], groups = [], attributes = {}, permissions, certificate } = identity
  const proof = method === 'anonymous' ? 'proved nothing' : `proved by ${method}`
  return [
    ...labelled('client', [quoted(client.id), `at ${listener} from ${peer.address}`]),
    ...labelled('identity', [name === '' ? `none (${proof})` : `${quoted(name)} (${proof})`, `from ${from}`]),
    ...(certificate === undefined ? [] : labelled('cert', [`${certificate.subject}, serial ${certificate.serial}`])),
    ...labelled('roles', listed(roles)),
    ...labelled('groups', listed(groups)),
    ...labelled(
      'attributes',
      Object.entries(attributes).map(([key, value]) => `${key} = ${valueText(value)}`),
    ),
    ...(permissions === undefined ? [] : labelled('carries', permissionLines(permissions))),
  ]
}

function permissionLines({
  publish,
  subscribe,
}: NonNullable<PresumedClient['client']['identity']['permissions']>): string[] {
  return [`publish: ${listed(publish)[0] ?? 'nothing'}`, `subscribe: ${listed(subscribe)[0] ?? 'nothing'}`]
}

const shownItems = 20

function listed(items: readonly string[]): string[] {
  if (items.length === 0) return []
  const more = items.length > shownItems ? `, and ${items.length - shownItems} more` : ''
  return [`${items.slice(0, shownItems).map(quoted).join(', ')}${more}`]
}

function valueText(value: AttributeValue): string {
  return typeof value === 'object' ? value.map(quoted).join(', ') : JSON.stringify(value)
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

/** The first line behind a label, the others below it. */
function labelled(label: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(12)}${line}`)
}

/** Names and rules of others may have any text in them: nothing that moves a terminal's cursor may pass. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '?')
}
