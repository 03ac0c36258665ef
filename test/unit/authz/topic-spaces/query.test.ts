import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../../../../src/authz/topic-spaces/query.ts'
import { QueryMistake } from '../../../../src/authz/topic-spaces/query-tokens.ts'
import type { AttributeValue } from '../../../../src/engine/ports.ts'
import { subjectOf } from './kit.ts'

function holds(query: string, attributes: Record<string, AttributeValue>, name = 'client1'): boolean {
  return parseQuery(query).holds(subjectOf(name, { attributes }))
}

function mistake(query: string): string {
  try {
    parseQuery(query)
  } catch (error) {
    assert.ok(error instanceof QueryMistake, String(error))
    return `${error.at}: ${error.message}`
  }
  return 'none'
}

test('the queries of the documentation are understood', () => {
  const sensors =
    '(attributes.sensors = "motion" or attributes.sensors = "humidity") or attributes.type = "home-sensors"'
  assert.ok(holds(sensors, { sensors: ['light', 'humidity'] }))
  assert.ok(holds(sensors, { type: 'home-sensors' }))
  assert.ok(!holds(sensors, { sensors: ['light'], type: 'other' }))
  const floors = 'attributes.sensors IN ["motion","humidity"] and attributes.floor <= 5'
  assert.ok(holds(floors, { sensors: 'motion', floor: 5 }))
  assert.ok(!holds(floors, { sensors: 'motion', floor: 6 }))
  assert.ok(!holds(floors, { floor: 5 }))
  assert.ok(holds("authenticationName IN ['client1','client2']", {}))
  assert.ok(!holds("authenticationName IN ['client1','client2']", {}, 'client3'))
  assert.ok(holds("name = 's1-fleet-mgr'", {}, 's1-fleet-mgr'))
  assert.ok(holds("attributes.type = 'vehicle'", { type: 'vehicle' }))
})

test('"and" binds tighter than "or", and brackets tighter still', () => {
  const all = { a: 1, b: 2, c: 3 }
  assert.ok(holds('attributes.a = 1 or attributes.b = 0 and attributes.c = 0', all))
  assert.ok(!holds('(attributes.a = 1 or attributes.b = 0) and attributes.c = 0', all))
  assert.ok(holds('attributes.a=1 AND attributes.b=2 Or attributes.c=0', all))
})

test('texts, numbers and lists are compared as what they are', () => {
  assert.ok(!holds('attributes.area = 1', { area: '1' }))
  assert.ok(!holds('attributes.area = "1"', { area: 1 }))
  assert.ok(holds('attributes.area <> "2"', { area: '1' }))
  assert.ok(holds('attributes.areas != "2"', { areas: ['1'] }))
  assert.ok(!holds('attributes.areas <> "2"', { areas: ['1', '2'] }))
  assert.ok(!holds('attributes.floor < 5', { floor: '4' }))
  assert.ok(holds('attributes.floor >= -5', { floor: -5 }))
  assert.ok(holds('attributes.floor < 9223372036854775807', { floor: Number.MAX_SAFE_INTEGER }))
  assert.ok(holds(`attributes.say = "a ""b"" 'c'"`, { say: `a "b" 'c'` }))
  assert.ok(!holds('attributes.type = "Vehicle"', { type: 'vehicle' }), 'letters are compared with case')
})

test('what a client does not have is neither equal nor different', () => {
  for (const comparison of ['= "x"', '<> "x"', '!= "x"', 'IN ["x"]', '< 1', '> 1', '<= 1', '>= 1'])
    assert.ok(!holds(`attributes.nothing ${comparison}`, {}), comparison)
  assert.ok(!holds('attributes.constructor <> "x"', {}))
  const nobody = subjectOf('', { method: 'anonymous' })
  assert.ok(!parseQuery('authenticationName <> "x"').holds(nobody))
})

test('a group of names is known as one', () => {
  assert.deepEqual(parseQuery('(name = "a" or authenticationName IN ["b", "c"])').names, ['a', 'b', 'c'])
  assert.equal(parseQuery('name = "a" and name = "a"').names, null)
  assert.equal(parseQuery('name = "a" or attributes.x = "a"').names, null)
  assert.equal(parseQuery('name <> "a"').names, null)
})

test('a mistake is told with the character it begins at', () => {
  const comparisons = 'one of = <> != < > <= >= IN must stand here'
  const operand = 'attributes.…, authenticationName or name must stand here'
  const cases: [string, string][] = [
    ['', `1: ${operand}`],
    ['attributes.x', `13: ${comparisons}`],
    ['attributes.x == 1', '15: a text in quotes or a whole number must stand here'],
    ['attributes.x like "a"', `14: ${comparisons}, not "like"`],
    ['attribute.x = 1', `1: ${operand}, did you mean "attributes"?`],
    ['attributes. = 1', `1: ${operand}, did you mean "attributes"?`],
    ['attributes.a.b = 1', `1: ${operand}, did you mean "attributes"?`],
    ['1 = attributes.x', `1: ${operand}`],
    ['attributes.x = 1.5', '16: "1.5" cannot stand here'],
    ['attributes.x = 9223372036854775808', '16: 9223372036854775808 is no integer of 64 bits'],
    ['attributes.x < "1"', '16: a whole number must stand behind <'],
    ['name < "a"', '6: a name cannot be compared with <: that is for numbers'],
    ['name = 1', '8: a text in quotes must stand here'],
    ['attributes.x = "a', '16: the text that begins here does not end with "'],
    ['attributes.x IN "a"', '17: a list such as ["a", "b"] must stand here'],
    ['attributes.x IN []', '18: a text in quotes or a whole number must stand here'],
    ['attributes.x IN ["a" "b"]', '22: a comma or ] must stand here'],
    ['(attributes.x = 1', '18: the bracket at character 1 is not closed'],
    ['attributes.x = 1) ', '17: "and", "or" or the end must stand here, not ")"'],
    ['not attributes.x = 1', `1: ${operand}`],
    ['attributes.x = 1; drop', '17: "; drop" cannot stand here'],
  ]
  for (const [query, expected] of cases) assert.equal(mistake(query), expected, query)
})

test('a query can be neither deep nor long', () => {
  const deep = (brackets: number) => `${'('.repeat(brackets)}name = "a"${')'.repeat(brackets)}`
  assert.equal(mistake(deep(32)), 'none')
  assert.equal(mistake(deep(33)), '33: there are more than 32 brackets in brackets')
  assert.equal(mistake('('.repeat(8_000)), '33: there are more than 32 brackets in brackets')
  assert.equal(mistake(' '.repeat(10_000)), '1: a query may have 8192 characters at most')
})
