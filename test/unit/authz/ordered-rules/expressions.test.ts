import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOrderedRules } from '../../../../src/authz/ordered-rules/ordered-rules.ts'
import { fc } from '../../../kit/fast-check.ts'
import { Rules, subjectOf } from '../mosquitto-acl/kit.ts'

function likes(pattern: string, access = 'Read'): Rules {
  const rule = { access, client: { pattern }, topic: 'All' }
  const rest = access === 'Deny' ? [{ access: 'ReadWrite', client: 'All', topic: 'All' }] : []
  return new Rules(readOrderedRules, JSON.stringify({ rules: [rule, ...rest] }))
}

function reads(rules: Rules, name: string): boolean {
  return rules.allows(subjectOf(name), 'receive', 'a')
}

const catastrophic = [
  '(a+)+b',
  '(a|a)*b',
  '(a|aa)+b',
  '((a*)*)*b',
  '(.*a){30}b',
  '(a?){100}a{100}b',
  '(.*.*.*.*.*.*.*.*.*.*)*b',
  '([a-z]+)*[0-9]',
  '(a|b)*a(a|b){100}c',
]

for (const pattern of catastrophic) {
  test(`${pattern} takes no longer for a name that is made for it`, () => {
    const rules = likes(pattern)
    // Trying everything would take longer than the tests may.
    for (let length = 1_000; length < 1_024; length++) assert.equal(reads(rules, `${'a'.repeat(length)}!`), false)
  })
}

test('names over 1,024 characters are for no grant with an expression, and for every denial', () => {
  const long = 'd'.repeat(1_025)
  assert.equal(reads(likes('d.*'), long), false)
  assert.equal(reads(likes('d*'), long), false)
  assert.equal(reads(likes('d*'), long.slice(1)), true)
  assert.equal(reads(likes('x.*', 'Deny'), long), false)
  assert.equal(reads(likes('x.*', 'Deny'), 'd'), true)
})

test('expressions say of names what those of JavaScript say', () => {
  const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '(a|b)', '(?:ab)', '\\.', '-', 'é')
  const repeated = fc
    .tuple(piece, fc.constantFrom('', '', '*', '+', '?', '{2}', '{0,2}'))
    .map((parts) => parts.join(''))
  const expression = fc.array(repeated, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''))
  const name = fc.array(fc.constantFrom('a', 'b', 'ab', '1', '.', '-', 'é'), { minLength: 1, maxLength: 6 })
  const property = fc.property(expression, fc.array(name, { minLength: 20, maxLength: 20 }), (pattern, names) => {
    const rules = likes(pattern)
    const whole = new RegExp(`^(?:${pattern})$`, 'u')
    // Twice, for what is remembered must be what was found.
    for (const parts of [...names, ...names])
      assert.equal(reads(rules, parts.join('')), whole.test(parts.join('')), `${pattern} ${parts.join('')}`)
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('what is remembered of names is bounded, and stays right', () => {
  const rules = likes('(dev)+[0-9]*[02468]')
  for (let round = 0; round < 2; round++)
    for (let number = 0; number < 25_000; number++)
      if (reads(rules, `dev${number}`) !== (number % 2 === 0)) assert.fail(`dev${number}`)
})
