import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '../../../src/config/resource-json.ts'
import { itemsOf, Misplaced, membersOf, type Node, type Taken } from '../../../src/config/resource-node.ts'
import { fc } from '../../kit/fast-check.ts'

const nobody: Taken = { entries: null, list: () => null }

function plainValue(node: Node): unknown {
  const items = itemsOf(node)
  if (items !== null) return items.map(plainValue)
  const members = membersOf(node)
  return members === null ? node.content : [...members].map(([name, member]) => [name, plainValue(member)])
}

/** With the members of sections as a list, in which no name is special. */
function listed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(listed)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).map(([name, member]) => [name, listed(member)])
}

test('a text is read as JSON.parse reads it, or not at all', () => {
  const text = fc
    .tuple(
      fc.jsonValue(),
      fc.constantFrom(undefined, 1, '\t'),
      fc.array(fc.tuple(fc.nat(30), fc.constantFrom('', '\\', '"', ',', ' ', '\n', '0', '-', ']', 'e')), {
        maxLength: 1,
      }),
    )
    .map(([value, space, changes]) =>
      changes.reduce(
        (all, [at, piece]) => all.slice(0, at) + piece + all.slice(at),
        JSON.stringify(value, null, space),
      ),
    )
  let read = 0
  const property = fc.property(text, (json) => {
    let value: unknown
    try {
      value = JSON.parse(json)
    } catch {
      // Several values, one after the other, are a list here.
      return
    }
    read++
    assert.deepEqual(plainValue(parseJson(json, nobody)), listed(value), json)
  })
  fc.assert(property, { numRuns: 5_000 })
  assert.ok(read > 1_000, String(read))
})

test('every value has its place', () => {
  const document = parseJson('\uFEFF{"a": [1,\n  {"b\\n": "x\\ny"}],\r\n\t"c" :\n true}', nobody)
  const places = (node: Node): string[] => [
    `${node.line}:${node.column}`,
    ...(itemsOf(node) ?? [...(membersOf(node)?.values() ?? [])]).flatMap(places),
  ]
  assert.deepEqual(places(document), ['1:1', '1:7', '1:8', '2:3', '2:11', '4:2'])
})

test('what is taken from lists as they are read is what else they would have', () => {
  const taken: string[] = []
  const taking: Taken = {
    entries: (item) => taken.push(`entry ${JSON.stringify(plainValue(item))}`),
    list: (name, outer) => (name === 'x' ? (item) => taken.push(`${outer} ${JSON.stringify(plainValue(item))}`) : null),
  }
  const of = (text: string) => {
    taken.length = 0
    const rest = JSON.stringify(plainValue(parseJson(text, taking)))
    return [rest, ...taken]
  }
  assert.deepEqual(of('{"x": [1, [2]], "y": [3]}'), ['[["x",[]],["y",[3]]]', 'null 1', 'null [2]'])
  assert.deepEqual(of('{"o": {"x": [1], "p": {"x": [2]}}, "x": [3]}'), [
    '[["o",[["x",[]],["p",[["x",[2]]]]]],["x",[]]]',
    'o 1',
    'null 3',
  ])
  assert.deepEqual(of('[{"x": [1]}, 2]'), ['[]', 'null 1', 'entry [["x",[]]]', 'entry 2'])
  assert.deepEqual(of('{"x": [1]}\n{"x": [2]} 3'), [
    '[]',
    'null 1',
    'entry [["x",[]]]',
    'null 2',
    'entry [["x",[]]]',
    'entry 3',
  ])
  assert.deepEqual(of('{"a": 1}'), ['[["a",1]]'])
})

test('a text that is no JSON says where it is none', () => {
  for (const [text, expected] of [
    ['{"a": 1, "a": 2}', '1:10 this name is given twice'],
    ['{"a": 1, "\\u0061": 2}', '1:10 this name is given twice'],
    ['{"a" 1}', '1:6 a colon must stand here'],
    ['{a: 1}', '1:2 a name in double quotes must stand here'],
    ['["a\nb"]', '1:2 this text does not end'],
    ['["a\\', '1:2 this text does not end'],
    ['[tru]', '1:2 a JSON value must stand here'],
    ['{"a":\n', '2:1 the file breaks off'],
  ] as const)
    assert.throws(
      () => parseJson(text, nobody),
      (error) => error instanceof Misplaced && `${error.line}:${error.column} ${error.message}` === expected,
      text,
    )
})
