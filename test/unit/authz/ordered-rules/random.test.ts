import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOrderedRules } from '../../../../src/authz/ordered-rules/ordered-rules.ts'
import { fc } from '../../../kit/fast-check.ts'
import { naivelyMatches, Rules, subjectOf } from '../mosquitto-acl/kit.ts'

type Match = 'All' | { readonly specific: string } | { readonly pattern: string }

interface Rule {
  readonly access: 'Deny' | 'Read' | 'Write' | 'ReadWrite'
  readonly client: Match
  readonly topic: Match
}

/** What the rules say, one after the other. */
function referenceAllows(rules: readonly Rule[], name: string | null, reads: boolean, topic: string): boolean {
  for (const { access, client, topic: about } of rules) {
    const covers = access === 'Deny' || access === 'ReadWrite' || access === (reads ? 'Read' : 'Write')
    if (covers && clientMatches(client, name) && topicMatches(about, name, topic)) return access !== 'Deny'
  }
  return false
}

function clientMatches(client: Match, name: string | null): boolean {
  if (client === 'All') return true
  if (name === null) return false
  return 'specific' in client ? client.specific === name : new RegExp(`^(?:${client.pattern})$`, 'u').test(name)
}

function topicMatches(about: Match, name: string | null, topic: string): boolean {
  if (about === 'All') return true
  if ('specific' in about) return naivelyMatches(about.specific, topic)
  if (!about.pattern.includes('{%client%}')) return naivelyMatches(about.pattern, topic)
  if (name === null || name === '' || /[+#/\0]/.test(name)) return false
  if (topic.startsWith('$') && !about.pattern.startsWith('$')) return false
  return naivelyMatches(`x/${about.pattern.replaceAll('{%client%}', () => name)}`, `x/${topic}`)
}

const names = ['a', 'b', 'ab', 'dev1', 'dev2', '$x', 'a+', '#', 'a/b', '__proto__', 'é', '$&']
const name = fc.constantFrom(...names)
const topicLevel = fc.constantFrom('a', 'b', '', '$x', 'dev1', 'x-a', 'x-dev1', 'ab', 'é', '$&', 'aa')
const level = fc.oneof(topicLevel, fc.constantFrom('+', '{%client%}', 'x-{%client%}', '{%client%}{%client%}'))
const topic = fc.array(topicLevel, { minLength: 1, maxLength: 4 }).map(joined)
const pattern = fc
  .tuple(fc.array(level, { maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => joined(open || levels.length === 0 ? [...levels, '#'] : levels))
const rule: fc.Arbitrary<Rule> = fc.record({
  access: fc.constantFrom('Deny', 'Read', 'Write', 'ReadWrite'),
  client: fc.oneof(
    fc.constant('All' as const),
    name.map((specific) => ({ specific })),
    fc
      .constantFrom('dev.*', 'dev[0-9]', 'a|b', '.*', '[^a]+', 'a.?', 'dev1', '(a|b)*', '.+\\+', '\\$.*')
      .map((pattern) => ({ pattern })),
  ),
  topic: fc.oneof(
    { weight: 1, arbitrary: fc.constant('All' as const) },
    { weight: 3, arbitrary: pattern.map((specific) => ({ specific })) },
    { weight: 6, arbitrary: pattern.map((pattern) => ({ pattern })) },
  ),
})
const question = fc.tuple(fc.option(name), fc.constantFrom('publish', 'will', 'receive'), topic)

/** No level makes no topic. */
function joined(levels: readonly string[]): string {
  return levels.join('/') || '/'
}

/** As JSON, or as YAML, a rule behind a dash. */
function fileOf(rules: readonly Rule[], json: boolean): string {
  if (json || rules.length === 0) return JSON.stringify({ rules })
  return `rules:\n${rules.map((rule) => `  - ${JSON.stringify(rule)}\n`).join('')}`
}

test('random rules decide what the first that matches says', () => {
  const questions = fc.array(question, { minLength: 100, maxLength: 100 })
  const property = fc.property(fc.array(rule, { maxLength: 10 }), fc.boolean(), questions, (list, json, asked) => {
    const rules = new Rules(readOrderedRules, fileOf(list, json))
    for (const [who, action, name] of asked) {
      const expected = referenceAllows(list, who, action === 'receive', name)
      if (rules.allows(subjectOf(who), action, name) !== expected)
        assert.fail(`${who} ${action} ${JSON.stringify(name)} is not ${expected} by ${fileOf(list, false)}`)
    }
  })
  fc.assert(property, { numRuns: 1_000 })
})

const levels = ['a', 'b', '', '$x', 'dev1']
const universe = levels.flatMap((first) => [
  first,
  ...levels.flatMap((second) => [`${first}/${second}`, `${first}/${second}/a`]),
])
const topics = universe.filter((name) => name !== '')
const wanted = pattern.map((text) => text.replaceAll('{%client%}', 'a'))

test('random subscriptions are accepted only where all may be read, or in the other mode wherever some may', () => {
  const asked = fc.array(fc.tuple(fc.option(name), wanted), { minLength: 20, maxLength: 20 })
  const property = fc.property(fc.array(rule, { maxLength: 10 }), asked, (list, subscriptions) => {
    const contained = new Rules(readOrderedRules, fileOf(list, true), 'contained')
    const overlapping = new Rules(readOrderedRules, fileOf(list, true), 'overlapping')
    for (const [who, filter] of subscriptions) {
      const readable = topics
        .filter((name) => naivelyMatches(filter, name))
        .map((name) => referenceAllows(list, who, true, name))
      const all = contained.allows(subjectOf(who), 'subscribe', filter)
      const message = `${who} ${filter} by ${fileOf(list, false)}`
      if (all) assert.ok(!readable.includes(false), message)
      const some = overlapping.decision(subjectOf(who), 'subscribe', filter)
      if (readable.includes(true)) assert.ok(some.allowed, message)
      assert.equal(some.whole, all, message)
    }
  })
  fc.assert(property, { numRuns: 300 })
})
