import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOrderedRules } from '../../../../src/authz/ordered-rules/ordered-rules.ts'
import { BrokerError } from '../../../../src/base/errors.ts'

/** The mistakes of a file, a line for each. */
function mistakes(text: string): readonly string[] {
  try {
    readOrderedRules(new Map([['rules.yaml', text]]))
  } catch (error) {
    assert.ok(error instanceof BrokerError)
    assert.equal(error.code, 'ACCESS_INVALID')
    return error.message.split('\n')
  }
  return []
}

function withRule(rule: string): readonly string[] {
  return mistakes(`rules:\n  - ${rule}\n`)
}

const rules: readonly (readonly [what: string, rule: string, said: RegExp])[] = [
  ['a word', 'Deny', /^rules\.yaml:2:5: a rule is a section with name, access, client, topic, not "Deny"$/],
  [
    'a key that is not known',
    '{ acces: Read, client: All, topic: All }',
    /^rules\.yaml:2:7: "acces" is not known, did you mean "access"\?$/,
  ],
  [
    'no access',
    '{ client: All, topic: All }',
    /^rules\.yaml:2:5: access is missing: it is one of Deny, Read, Write, ReadWrite$/,
  ],
  [
    'an access that is not known',
    '{ access: Allow, client: All, topic: All }',
    /^rules\.yaml:2:15: access must be one of .*, not "Allow"$/,
  ],
  ['no client', '{ access: Read, topic: All }', /^rules\.yaml:2:5: client is missing: it is All, \{ specific: … \}/],
  [
    'a client that is a word',
    '{ access: Read, client: dev, topic: All }',
    /^rules\.yaml:2:29: client must be All, .*; not "dev"$/,
  ],
  [
    'a topic of two forms',
    '{ access: Read, client: All, topic: { specific: a, pattern: b } }',
    /^rules\.yaml:2:41: topic must be All/,
  ],
  ['a topic of no form', '{ access: Read, client: All, topic: {} }', /^rules\.yaml:2:41: topic must be All/],
  [
    'a number for a name',
    '{ access: Read, client: { specific: 12 }, topic: All }',
    /^rules\.yaml:2:41: specific must be a text, which may need quotes, not 12$/,
  ],
  ['an empty name', "{ access: Read, client: { specific: '' }, topic: All }", /specific must be a text/],
  ['an empty expression', "{ access: Read, client: { pattern: '' }, topic: All }", /pattern must be a text/],
  [
    'a name of a rule that is a list',
    '{ name: [a], access: Read, client: All, topic: All }',
    /^rules\.yaml:2:13: name must be a text on one line/,
  ],
  [
    'a filter with # inside',
    '{ access: Read, client: All, topic: { specific: a/#/b } }',
    /^rules\.yaml:2:53: "a\/#\/b" is no topic filter/,
  ],
  [
    'a filter with + in a level',
    "{ access: Read, client: All, topic: { pattern: 'x+/{%client%}' } }",
    /is no topic filter/,
  ],
  [
    'a variable beside a wildcard',
    "{ access: Read, client: All, topic: { pattern: '{%client%}#' } }",
    /is no topic filter/,
  ],
  [
    'another variable',
    "{ access: Read, client: All, topic: { pattern: 'a/{%user%}' } }",
    /^rules\.yaml:2:52: "\{%user%\}" is not known, there is only \{%client%\}$/,
  ],
  [
    'a back reference',
    String.raw`{ access: Read, client: { pattern: '(a)\1' }, topic: All }`,
    /^rules\.yaml:2:40: the regular expression cannot be used: .*; there are no back references/,
  ],
  [
    'looking ahead',
    "{ access: Read, client: { pattern: '(?=a)b' }, topic: All }",
    /; there is no looking ahead or back/,
  ],
  [
    'looking back',
    "{ access: Read, client: { pattern: '(?<!a)b' }, topic: All }",
    /; there is no looking ahead or back/,
  ],
  ['an atomic group', "{ access: Read, client: { pattern: '(?>a+)b' }, topic: All }", /; nothing is tried twice here/],
  [
    'a bracket that stays open',
    "{ access: Read, client: { pattern: '[a' }, topic: All }",
    /cannot be used: missing closing \]/,
  ],
  [
    'too many repetitions',
    "{ access: Read, client: { pattern: 'a{1001}' }, topic: All }",
    /cannot be used: invalid repeat count/,
  ],
  [
    'repetitions of repetitions',
    "{ access: Read, client: { pattern: '((a{10}){10}){10}' }, topic: All }",
    /makes \d+ instructions, more than 1000/,
  ],
  [
    'an expression that is too long',
    `{ access: Read, client: { pattern: '${'ab?'.repeat(342)}' }, topic: All }`,
    /over 1024 characters/,
  ],
]

for (const [what, rule, said] of rules) {
  test(`${what} is a mistake that is said with its place`, () => {
    const [message, ...more] = withRule(rule)
    assert.match(message ?? '', said)
    assert.deepEqual(more, [])
  })
}

const files: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  ['an empty file', '', /^rules\.yaml:1:1: there is no list of rules/],
  ['a comment', '# nothing\n', /^rules\.yaml:1:1: there is no list of rules/],
  ['another key', 'rule:\n  - {}\n', /^rules\.yaml:1:1: "rule" is not known, did you mean "rules"\?/],
  ['rules that are a word', 'rules: none\n', /^rules\.yaml:1:\d+: there is no list of rules/],
  ['no YAML', 'rules: [\n', /^rules\.yaml:\d+:\d+: /],
  ['no JSON', '{ "rules": [ { ', /^rules\.yaml:\d+:\d+: /],
]

for (const [what, text, said] of files) {
  test(`${what} is no list of rules`, () => assert.match(mistakes(text)[0] ?? '', said))
}

test('all mistakes are said at once, up to twenty', () => {
  const wrong = '  - { access: no, client: no, topic: no }\n'
  assert.equal(mistakes(`rules:\n${wrong.repeat(2)}`).length, 6)
  const many = mistakes(`rules:\n${wrong.repeat(50)}`)
  assert.equal(many.length, 21)
  assert.match(many[20] ?? '', /^and \d+ more$/)
})

test('there are at most 10,000 different expressions', () => {
  const rule = (number: number) => `  - { access: Read, client: { pattern: '${number}?' }, topic: All }\n`
  const text = Array.from({ length: 10_001 }, (_, number) => rule(number)).join('')
  assert.match(
    mistakes(`rules:\n${text}`)[0] ?? '',
    /^rules\.yaml:10002:\d+: there are more than 10000 different regular expressions/,
  )
})

test('megabytes of anything do no harm', () => {
  const pieces = ['- [', '{', '"', 'rules:\n', 'a: &a *a\n', '  - {}\n', '[[', '- - ', '\0', "'", '{"rules":[', '! ']
  for (const piece of pieces)
    for (const before of ['', 'rules:\n'])
      assert.ok(mistakes(before + piece.repeat(2_097_152 / piece.length)).length > 0, JSON.stringify(before + piece))
})
