import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayUse } from '../../../src/authn/client-ids.ts'
import { patternMistake } from '../../../src/config/client-id-pattern.ts'
import { fc } from '../../kit/fast-check.ts'

test('a pattern without wildcards is one client identifier, and case counts', () => {
  assert.ok(mayUse(['pump'], 'pump', 'x'))
  for (const other of ['Pump', 'pump ', 'pum', 'pumps', '', 'pump\0']) assert.ok(!mayUse(['pump'], other, 'x'), other)
})

test('a star stands for any characters, none as well', () => {
  for (const id of ['sensor-', 'sensor-1', 'sensor-*', 'sensor-a/b']) assert.ok(mayUse(['sensor-*'], id, 'x'), id)
  for (const id of ['sensor', 'xsensor-1', '']) assert.ok(!mayUse(['sensor-*'], id, 'x'), id)
  assert.ok(mayUse(['*'], '', '') && mayUse(['*'], 'anything', ''))
  assert.ok(mayUse(['a*c*e'], 'abcde', 'x') && mayUse(['a*c*e'], 'ace', 'x') && !mayUse(['a*c*e'], 'aec', 'x'))
})

test('the ends of a pattern do not overlap', () => {
  assert.ok(!mayUse(['ab*ba'], 'aba', 'x'))
  assert.ok(mayUse(['ab*ba'], 'abba', 'x'))
  assert.ok(!mayUse(['ab*b*ba'], 'abba', 'x'))
})

test('the name of the identity stands for {name}', () => {
  assert.ok(mayUse(['{name}'], 'd1', 'd1') && !mayUse(['{name}'], 'd2', 'd1') && !mayUse(['{name}'], '{name}', 'd1'))
  assert.ok(mayUse(['{name}-*'], 'd1-x', 'd1') && !mayUse(['{name}-*'], 'd1', 'd1'))
  assert.ok(mayUse(['*/{name}/{name}'], 'a/d1/d1', 'd1'))
})

test('one pattern of several is enough, and without any there is no client identifier', () => {
  assert.ok(mayUse(['{name}', 'shared'], 'shared', 'd1'))
  assert.ok(!mayUse([], 'd1', 'd1'))
})

test('a name with wildcards or variables in it stands for itself only', () => {
  for (const name of ['*', '**', 'a*', '{name}', '{', '$&', '$1', '$`', '.*', '+', '#', '\\*', '\0']) {
    assert.ok(mayUse(['{name}'], name, name), name)
    assert.ok(mayUse(['{name}-*'], `${name}-1`, name), name)
    for (const other of ['victim', '', 'a', 'ab', `${name}${name}`, 'victim-1'])
      assert.ok(!mayUse(['{name}', '{name}-*'], other, name), `${name} is not ${other}`)
  }
})

test('who has no name gets nothing by a pattern with {name}', () => {
  for (const pattern of ['{name}', '{name}*', '*{name}', '{name}{name}*'])
    for (const id of ['', 'victim']) assert.ok(!mayUse([pattern], id, ''), pattern)
})

test('a pattern with a mistake matches nothing', () => {
  for (const pattern of ['', '{user}', '{name', 'name}', '{{name}}', '{Name}', '{ name }', '{*}']) {
    assert.notEqual(patternMistake(pattern), null, pattern)
    for (const id of ['', pattern, 'd1', '{d1}']) assert.ok(!mayUse([pattern], id, 'd1'), pattern)
  }
  for (const pattern of ['*', '{name}', 'a', '{name}-{name}', '**', '€*']) assert.equal(patternMistake(pattern), null)
})

test('it matches what a regular expression with the same meaning matches', () => {
  const piece = fc.constantFrom('a', 'b', 'ab', '*', '{name}', '.', '-')
  const text = fc.array(fc.constantFrom('a', 'b', '*', '.', '-'), { maxLength: 12 }).map((parts) => parts.join(''))
  const patterns = fc.array(piece, { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(patterns, text, text, (pieces, id, name) => {
      const quoted = (part: string) => part.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&')
      const source = pieces.map((part) => (part === '*' ? '[^]*' : quoted(part === '{name}' ? name : part))).join('')
      const nameless = name === '' && pieces.includes('{name}')
      assert.equal(mayUse([pieces.join('')], id, name), !nameless && new RegExp(`^${source}$`).test(id))
    }),
    { numRuns: 2_000 },
  )
})

test('long client identifiers and names take time in proportion to their length', () => {
  const cost = (length: number) => {
    const name = `${'a'.repeat(length / 2)}b`
    const before = process.cpuUsage().user
    for (let round = 0; round < 5; round++)
      assert.ok(!mayUse(['*{name}*', '*ab*', '*a*{name}*a*'], 'a'.repeat(length), name))
    return process.cpuUsage().user - before
  }
  const short = Math.max(20_000, cost(50_000))
  // Comparing the name at every place would take 64 times as long, not 8.
  assert.ok(cost(400_000) < 30 * short)
})
