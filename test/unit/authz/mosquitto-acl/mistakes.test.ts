import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMosquittoAcl } from '../../../../src/authz/mosquitto-acl/mosquitto-acl.ts'
import { BrokerError } from '../../../../src/base/errors.ts'

/** The mistakes of a file, a line for each. */
function mistakes(...lines: readonly string[]): readonly string[] {
  try {
    readMosquittoAcl(new Map([['acl', lines.join('\n')]]))
  } catch (error) {
    assert.ok(error instanceof BrokerError)
    assert.equal(error.code, 'ACCESS_INVALID')
    return error.message.split('\n')
  }
  return []
}

const table: readonly (readonly [what: string, line: string, said: RegExp])[] = [
  ['a word that is not known', 'topics read a', /^acl:1:1: "topics" is not known, .*did you mean "topic"\?$/],
  ['a word in capital letters', 'User hall', /^acl:1:1: .*did you mean "user"\?$/],
  ['a comment behind blanks', '  # no', /^acl:1:3: a comment has its # in the first column$/],
  ['a tab between words', 'topic\tread a', /^acl:1:1: "topic\\tread" has a tab: write spaces/],
  ['an access that is not known', 'topic reed a/b', /^acl:1:7: "reed" is no access: .*did you mean "read"\?$/],
  ['a topic with spaces and without access', 'topic my topic', /^acl:1:7: "my" is no access/],
  ['a topic line without a topic', 'topic  ', /^acl:1:6: a topic filter is missing, write "topic \[access\] FILTER"$/],
  ['a pattern line without a topic', 'pattern', /^acl:1:8: a topic filter is missing/],
  ['a user line without a name', 'user   ', /^acl:1:5: a user name is missing, write "user NAME"$/],
  ['# as part of a level', 'topic read a/b#', /^acl:1:15: "a\/b#" is no topic filter: \+ must be a whole level/],
  ['# that is not the last level', 'topic a/#/b', /^acl:1:9: "a\/#\/b" is no topic filter/],
  ['+ as part of a level', 'pattern write %u/+b', /^acl:1:18: /],
  ['a comment behind a filter', 'topic read a # mine', /^acl:1:14: "a # mine" is no topic filter/],
  ['a NUL character', 'topic read a\0b', /^acl:1:13: there is a NUL character$/],
  ['another encoding', 'user Ren\ufffd', /^acl:1:9: this is not UTF-8, save the file in that encoding$/],
  [
    'a filter that is too long',
    `topic read ${'é'.repeat(32_768)}`,
    /^acl:1:12: the topic filter has more than 65535 bytes$/,
  ],
  ['a long word', 'x'.repeat(1_000), /^acl:1:1: "x{45}…" is not known/],
]

for (const [what, line, said] of table) {
  test(`${what} is a mistake that is said with its place`, () => {
    const [message, ...more] = mistakes(line)
    assert.match(message ?? '', said)
    assert.deepEqual(more, [])
  })
}

test('all mistakes are said at once, up to twenty', () => {
  assert.equal(mistakes('x', 'topic a', 'y', '', 'topic a#').length, 3)
  const many = mistakes(...Array.from({ length: 50 }, (_, index) => `x${index}`))
  assert.equal(many.length, 21)
  assert.equal(many[20], 'and 30 more')
})

test('mistakes of all files are said', () => {
  const texts = new Map([
    ['one', 'x'],
    ['two', '\n\ny'],
  ])
  assert.throws(() => readMosquittoAcl(texts), /^BrokerError: one:1:1: .*\ntwo:3:1: /)
})

const megabytes16 = 16_777_216
const senseless: readonly (readonly [what: string, text: string])[] = [
  ['empty lines', '\n'.repeat(megabytes16)],
  ['blanks', `${' '.repeat(megabytes16)}x`],
  ['one filter', `topic ${'a/'.repeat(megabytes16 / 2)}`],
  ['wildcards', `topic read ${'+'.repeat(megabytes16)}`],
  ['words', 'x\n'.repeat(megabytes16 / 2)],
  ['one word', `topic ${'x'.repeat(megabytes16)} y`],
]

for (const [what, text] of senseless) {
  test(`sixteen megabytes of ${what} do no harm`, () => {
    const [first] = mistakes(text)
    assert.equal(first === undefined, what === 'empty lines')
  })
}
