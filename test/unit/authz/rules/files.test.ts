import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfigDocument } from '../../../../src/config/document.ts'
import { readJsonItem } from '../../../../src/config/json-item.ts'
import { readPlainItem } from '../../../../src/config/plain-item.ts'
import { splitRules } from '../../../../src/config/rule-items.ts'
import { fc } from '../../../kit/fast-check.ts'
import { mistakesIn, rulesIn } from './kit.ts'

const good = [
  '- allow: publish\n  topic: a/#\n',
  '- { allow: [publish, subscribe], topic: "x" }\n',
  '- allow:\n    - publish\n    - a b\n  topics: [a, \'b\', "c"]\n  attributes:\n    x: 1\n    y: [a, 2]\n',
  '  - allow:\n    - publish\n    topic: a # c\n    # d\n\n    users: [a,b]',
  '{"allow": ["publish"],\n "topic" : "a",\n\t"q": {"a": 1}}',
]
const pieces = [
  ...[
    '- ',
    '  ',
    '\n',
    '\n  ',
    '\n    ',
    '\n      - ',
    'a: ',
    'a:',
    '"k": ',
    '"k":',
    ': ',
    ':',
    ',',
    ', ',
    '[',
    ']',
    '{',
    '}',
  ],
  ...[
    "'",
    '"',
    "''",
    '""',
    "'x y'",
    '"q"',
    '12',
    '-3',
    '007',
    '1.5',
    '-0',
    '0x1',
    '1e3',
    'true',
    'True',
    'null',
    '~',
    'y',
    'no',
  ],
  ...[
    '#',
    ' # c',
    '+/b',
    '{user}',
    '$s',
    '<= 5',
    'a b',
    '- a',
    '\r\n',
    '\r',
    '\t',
    '*x',
    '&a',
    '!',
    '|',
    '>',
    '? ',
    '<<: ',
    '---',
  ],
]
const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...good),
        fc.array(fc.tuple(fc.nat(80), fc.constantFrom(...pieces, ''), fc.nat(3)), { maxLength: 3 }),
      )
      .map(([start, changes]) =>
        changes.reduce((all, [at, piece, cut]) => all.slice(0, at) + piece + all.slice(at + cut), start),
      ),
  },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((all) => `- ${all.join('')}`) },
)

test('what is read without the YAML parser is what the YAML parser would read', () => {
  let plain = 0
  const property = fc.property(text, (item) => {
    const read = /^ *- |^\{/.test(item) ? readPlainItem(item) : null
    if (read === null) return
    plain++
    const { value, mistakes } = parseConfigDocument(item)
    assert.deepEqual(mistakes, [], item)
    const parsed: unknown = item.startsWith('{')
      ? value
      : Array.isArray(value) && value.length === 1
        ? value[0]
        : 'no list'
    assert.equal(JSON.stringify(read.value), JSON.stringify(parsed), item)
  })
  fc.assert(property, { numRuns: 10_000 })
  assert.ok(plain > 500, String(plain))
  for (const item of good) assert.notEqual(readPlainItem(item), null, item)
})

/** JSON, some of it spoilt, some of it with a name twice. */
const json = fc
  .tuple(
    fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'x y', '"'), fc.jsonValue({ maxDepth: 2 }), {
      minKeys: 1,
    }),
    fc.constantFrom(undefined, 1, '\t'),
    fc.array(
      fc.tuple(
        fc.constantFrom(1, 1, 1, 5, 6, 9, 20),
        fc.constantFrom('"a":1,', '"a":"x:",', '"b":{"b": 1, "b":2},', ' ', ':', '\\', '['),
      ),
      { maxLength: 2 },
    ),
    fc.constantFrom('', '- '),
  )
  .map(
    ([value, space, changes, dash]) =>
      dash +
      changes.reduce(
        (all, [at, piece]) => all.slice(0, at) + piece + all.slice(at),
        JSON.stringify(value, null, dash === '' ? space : undefined),
      ),
  )

test('rules in JSON are what the YAML parser would read, and no name is taken twice', () => {
  let [read, repeated] = [0, 0]
  const property = fc.property(json, (item) => {
    const found = readJsonItem(item)
    if (found === null) return
    const { value, mistakes } = parseConfigDocument(item)
    if (found.repeats) {
      repeated++
      assert.match(mistakes[0]?.message ?? '', /is given twice$/, item)
      return
    }
    read++
    assert.deepEqual(mistakes, [], item)
    const parsed: unknown = Array.isArray(value) ? value[0] : value
    assert.deepEqual(found.value, parsed, item)
  })
  fc.assert(property, { numRuns: 5_000 })
  assert.ok(read > 1_000 && repeated > 50, `${read} ${repeated}`)
})

test('rules in JSON of any form are read without the YAML parser, however many there are', () => {
  const rules = Array.from({ length: 40_000 }, (_, n) => ({
    allow: 'publish',
    matches: { user: 'dev\\d+' },
    topic: `dt/u${n}/#`,
  }))
  const texts = [
    JSON.stringify({ rules }),
    `{"rules":[\n${rules.map((rule) => JSON.stringify(rule)).join(',\n')}\n]}`,
    JSON.stringify({ rules }, null, 2),
    `rules:\n${rules.map((rule) => `- ${JSON.stringify(rule)}\n`).join('')}`,
  ]
  for (const text of texts) assert.equal(rulesIn(text).rules.length, rules.length)
})

test('a name that a long rule has twice is a mistake, as it is in any other', () => {
  const rule = (users: number) =>
    `{"rules": [{"allow": "publish", "topic": "a",\n "users": [${'"dev-1",'.repeat(users)} "x"], "topic": "#"}]}`
  assert.deepEqual(mistakesIn(rule(1)), ['rules.yaml:2:27: the option "topic" is given twice'])
  assert.deepEqual(mistakesIn(rule(3_000)), ['rules.yaml:1:12: an option is given twice'])
})

test('that a file has too much which is not simple is said once', () => {
  const rule = `  - { allow: publish, topic: "\\x61/${'b'.repeat(4_000)}" }\n`
  const mistakes = mistakesIn(`rules:\n${rule.repeat(1_000)}`)
  assert.equal(mistakes.length, 1)
  assert.match(mistakes[0] ?? '', /over 2 MiB that are neither JSON nor simple YAML/)
})

test('a text is taken apart into its rules, and no line is lost or moved', () => {
  const yaml = '# a\nsets: {}\nrules:\n\n  # b\n  - a\n  # c\n    x\n  -\n    b\n\n  - c\nother: 1\n'
  const split = splitRules(yaml, 'rules')
  assert.deepEqual(
    split?.items.map(({ line, text: item }) => [line, item]),
    [
      [6, '  - a\n  # c\n    x'],
      [9, '  -\n    b\n'],
      [12, '  - c'],
    ],
  )
  assert.deepEqual([split?.head, split?.before, split?.missing], ['# a\nsets: {}\nrules:\n\n  # b\nother: 1\n', 5, 7])
  const json = '{"a": ["]", {"rules": [1]}],\n "rules" : [ {"x": "}]\\""},\n\n  2 , [3,4]],\n "b": 1}'
  assert.deepEqual(splitRules(json, 'rules')?.items, [
    { text: '{"x": "}]\\""}', line: 2, offset: 13 },
    { text: '2', line: 4, offset: 2 },
    { text: '[3,4]', line: 4, offset: 6 },
  ])
  for (const other of [
    'rules: [a]',
    'rules: &a\n  - b',
    '{rules: [a]}',
    '{"rules": 1}',
    '{"rules": [',
    '{"rules": [1',
    'x',
  ])
    assert.equal(splitRules(other, 'rules'), null, other)
})

test('what stands behind the rules has the line it has in the file', () => {
  for (const text of [
    'rules:\n  - deny: connect\n\n\n  - deny: connect\nother: 1\n',
    'rules:\n- deny: connect\n- deny: connect\n\n# end\nother: 1',
    '{"rules": [\n\n{"deny": "connect"},\n {"deny":\n "connect"}],\n"other": 1}',
    '{"rules":\n[{"deny": "connect"},\n {"deny":\n "connect"}\n],\n"other": 1}',
  ])
    assert.deepEqual(mistakesIn(text), ['rules.yaml:6:1: unknown option "other"'], text)
  assert.deepEqual(mistakesIn('{"rules": [{"deny": "connect"}], "other": 1}'), [
    'rules.yaml:1:34: unknown option "other"',
  ])
})

test('many rules take time in proportion to their number', () => {
  const texts = (count: number) =>
    `rules:\n${Array.from({ length: count }, (_, n) => `  - allow: publish\n    topic: dt/${n}/{user}/#\n    user: dev-${n}\n`).join('')}`
  const [few, many] = [texts(2_000), texts(20_000)]
  const cost = (all: string) => {
    const started = process.cpuUsage()
    assert.ok(rulesIn(all).rules.length > 0)
    const { user, system } = process.cpuUsage(started)
    return user + system
  }
  cost(few)
  assert.ok(cost(many) < 40 * Math.max(cost(few), 5_000))
})

test('senseless files are refused after bounded work', () => {
  for (const shape of [']', ',', '? ', '"', '&a ']) {
    const body = shape.repeat(16_000 / shape.length)
    const started = process.cpuUsage()
    assert.ok(mistakesIn(`rules:\n${`  - ${body}\n`.repeat(1_000)}`).length <= 21, shape)
    assert.ok(process.cpuUsage(started).user < 30e6, shape)
  }
})

test('files, and rules, that are too large are refused with what to do', () => {
  const long = 'x'.repeat(140_000)
  assert.match(
    mistakesIn(`rules:\n  - allow: publish\n    topic: ${long}\n`)[0] ?? '',
    /^rules\.yaml:2:1: each may have 128 KiB/,
  )
  assert.match(
    mistakesIn(`rules:\n  - allow: publish\n    topic: "\\x20${long.slice(0, 20_000)}"\n`)[0] ?? '',
    /over 16 KiB must be JSON or simple YAML/,
  )
  assert.match(
    mistakesIn(`rules: [${long}]`)[0] ?? '',
    /^rules\.yaml:1:1: a file that is not JSON, .* 128 KiB at most$/,
  )
  assert.match(mistakesIn(`sets:\n  a: [${long}]\nrules:\n  - deny: connect\n`)[0] ?? '', /may have 128 KiB at most$/)
  assert.match(mistakesIn(' '.repeat(33_554_433))[0] ?? '', /larger than 32 MiB$/)
})
