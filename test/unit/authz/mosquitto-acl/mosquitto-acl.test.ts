import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMosquittoAcl } from '../../../../src/authz/mosquitto-acl/mosquitto-acl.ts'
import { Rules, subjectOf } from './kit.ts'

const hall = subjectOf('hall', 'c1')
const nobody = subjectOf(null, 'c1')

function acl(...lines: readonly string[]): Rules {
  return new Rules(readMosquittoAcl, lines.join('\n'))
}

test('topics before the first user are for clients without user name, and for no others', () => {
  const rules = acl('topic read news/#', 'user hall', 'topic read a')
  assert.equal(rules.allows(nobody, 'receive', 'news/1'), true)
  assert.equal(rules.allows(hall, 'receive', 'news/1'), false)
  assert.equal(rules.allows(nobody, 'receive', 'a'), false)
})

test('a user that comes again goes on where it was', () => {
  const rules = acl(
    'user hall',
    'topic read a',
    'user other',
    'topic read b',
    'user hall',
    'topic read c',
    'topic deny a',
  )
  assert.equal(rules.allows(hall, 'receive', 'c'), true)
  assert.equal(rules.allows(hall, 'receive', 'b'), false)
  assert.equal(rules.line(hall, 'receive', 'a'), 7)
})

test('patterns are for everybody wherever they stand', () => {
  const rules = acl('user hall', 'pattern read x/%c', 'topic read a')
  for (const subject of [nobody, hall, subjectOf('other', 'c1')])
    assert.equal(rules.allows(subject, 'receive', 'x/c1'), true)
  assert.equal(rules.allows(subjectOf('other', 'c1'), 'receive', 'a'), false)
})

test('denials come before grants in the list of a user and among the patterns', () => {
  const rules = acl(
    'pattern readwrite p/#',
    'pattern deny p/%c/x',
    'user hall',
    'topic readwrite a/#',
    'topic deny a/x',
  )
  assert.equal(rules.allows(hall, 'publish', 'a/y'), true)
  assert.equal(rules.allows(hall, 'publish', 'a/x'), false)
  assert.equal(rules.allows(hall, 'publish', 'p/c1/y'), true)
  assert.equal(rules.allows(hall, 'publish', 'p/c1/x'), false)
})

test('a denial of a user beats a pattern, and a grant of a user beats a denial of a pattern', () => {
  const rules = acl(
    'pattern readwrite %c/#',
    'pattern deny x/%c',
    'user hall',
    'topic deny c1/secret',
    'topic read x/+',
  )
  assert.equal(rules.allows(hall, 'receive', 'c1/secret'), false)
  assert.equal(rules.allows(hall, 'receive', 'x/c1'), true)
  assert.equal(rules.allows(hall, 'publish', 'x/c1'), false)
})

test('reading is subscribing and receiving, writing is publishing and the will', () => {
  const rules = acl('topic read r', 'topic write w', 'topic readwrite b', 'topic both')
  const may = (topic: string) =>
    (['subscribe', 'receive', 'publish', 'will'] as const).map((action) => rules.allows(nobody, action, topic))
  assert.deepEqual(may('r'), [true, true, false, false])
  assert.deepEqual(may('w'), [false, false, true, true])
  assert.deepEqual(may('b'), [true, true, true, true])
  assert.deepEqual(may('both'), [true, true, true, true])
})

test('a rule without the access that is asked for is passed over', () => {
  const rules = acl('topic read a/b', 'topic write a/#')
  assert.equal(rules.line(nobody, 'publish', 'a/b'), 2)
})

test('patterns with %u are not for clients without user name', () => {
  const rules = acl('pattern readwrite %u/+/%c', 'pattern readwrite x%u', 'pattern readwrite y/%c')
  assert.equal(rules.allows(hall, 'publish', 'hall/1/c1'), true)
  assert.equal(rules.allows(nobody, 'publish', '%u/1/c1'), false)
  assert.equal(rules.allows(nobody, 'publish', '/1/c1'), false)
  assert.equal(rules.allows(nobody, 'publish', 'x%u'), false)
  assert.equal(rules.allows(nobody, 'publish', 'y/c1'), true)
})

test('a variable in a level with something else stands for itself, and that is said', () => {
  const rules = acl('pattern readwrite a/x-%u', 'pattern write %cc/%u')
  assert.equal(rules.allows(hall, 'publish', 'a/x-hall'), false)
  assert.equal(rules.allows(hall, 'publish', 'a/x-%u'), true)
  assert.equal(rules.allows(hall, 'publish', '%cc/hall'), true)
  assert.match(rules.remarks.join('\n'), /^1: .*whole level.*\n2: .*whole level/)
})

test('in a topic line variables stand for themselves, and that is said', () => {
  const rules = acl('topic read %c/a')
  assert.equal(rules.allows(nobody, 'receive', 'c1/a'), false)
  assert.equal(rules.allows(nobody, 'receive', '%c/a'), true)
  assert.match(rules.remarks[0] ?? '', /^1: .*write "pattern"/)
})

test('a pattern without variables is for everybody, and that is said', () => {
  const rules = acl('pattern read a', 'user hall')
  assert.equal(rules.allows(hall, 'receive', 'a'), true)
  assert.equal(rules.allows(nobody, 'receive', 'a'), true)
  assert.match(rules.remarks[0] ?? '', /^1: .*rule for all clients/)
})

test('an access word without a topic is a topic, and that is said', () => {
  const rules = acl('topic deny')
  assert.equal(rules.allows(nobody, 'publish', 'deny'), true)
  assert.match(rules.remarks[0] ?? '', /^1: "deny" is the topic here/)
})

test('names with wildcards get nothing by patterns, but what their user has', () => {
  const rules = acl(
    'pattern readwrite %u/#',
    'pattern readwrite %c/#',
    'pattern readwrite all',
    'user a+',
    'topic read own',
  )
  for (const subject of [subjectOf('#'), subjectOf('a+'), subjectOf('hall', '+'), subjectOf(null, 'a#')])
    for (const topic of ['all', 'a+/x', '#', 'x/y', 'hall/x'])
      assert.equal(rules.allows(subject, 'publish', topic), false, topic)
  assert.equal(rules.allows(subjectOf('a+'), 'receive', 'own'), true)
  assert.equal(rules.line(subjectOf('a+'), 'publish', 'all'), 1)
})

test('a file without patterns says nothing of names with wildcards', () => {
  const rules = acl('user a+', 'topic read own')
  assert.equal(rules.policy.rules.length, 1)
})

test('a name with a slash stands for no level, and not for several', () => {
  const rules = acl('pattern readwrite x/%u/#', 'pattern readwrite y/%c')
  assert.equal(rules.allows(subjectOf('a/b'), 'publish', 'x/a/b/c'), false)
  assert.equal(rules.allows(subjectOf(null, 'a/b'), 'publish', 'y/a/b'), false)
})

test('filters that do not begin with $ are about no topic that does, whatever a name is', () => {
  const rules = acl('topic readwrite #', 'topic readwrite +/x', 'pattern readwrite %c/#', 'pattern readwrite $own/%c/#')
  for (const topic of ['$SYS', '$SYS/broker', '$SYS/x', '$'])
    assert.equal(rules.allows(subjectOf(null, '$SYS'), 'receive', topic), false, topic)
  assert.equal(rules.allows(subjectOf(null, '$SYS'), 'subscribe', '$SYS/#'), false)
  assert.equal(rules.allows(subjectOf(null, '$SYS'), 'receive', '$own/$SYS/a'), true)
  assert.equal(acl('topic read $SYS/#').allows(nobody, 'receive', '$SYS/broker'), true)
})

test('user names may have spaces, and blanks around them do not count', () => {
  const rules = acl('user   night watch \t', 'topic read a', 'user \ttab', 'topic read b')
  assert.equal(rules.allows(subjectOf('night watch'), 'receive', 'a'), true)
  assert.equal(rules.allows(subjectOf('tab'), 'receive', 'b'), true)
})

test('user names are words like any other', () => {
  const rules = acl('user __proto__', 'topic read a', 'user constructor', 'topic read b')
  assert.equal(rules.allows(subjectOf('__proto__'), 'receive', 'a'), true)
  assert.equal(rules.allows(subjectOf('constructor'), 'receive', 'b'), true)
  assert.equal(rules.allows(subjectOf('toString'), 'receive', 'a'), false)
})

test('names that look alike are not the same', () => {
  const rules = acl('user Ren\u00e9', 'topic read a', 'user admin', 'topic read b')
  assert.equal(rules.allows(subjectOf('Rene\u0301'), 'receive', 'a'), false)
  assert.equal(rules.allows(subjectOf('\u0430dmin'), 'receive', 'b'), false)
  assert.equal(rules.allows(subjectOf('Admin'), 'receive', 'b'), false)
})

test('topics may have spaces behind an access word, and several spaces are one', () => {
  const rules = acl('topic   read    my topic/a  ', '  topic other')
  assert.equal(rules.allows(nobody, 'receive', 'my topic/a'), true)
  assert.equal(rules.allows(nobody, 'publish', 'other'), true)
})

test('comments, empty lines, carriage returns and a byte order mark say nothing', () => {
  const rules = acl('\ufeff# first', '', '   ', '\t', '#topic read b', 'topic read a\r', 'topic read c\t \r', '\r')
  assert.equal(rules.line(nobody, 'receive', 'a'), 6)
  assert.equal(rules.allows(nobody, 'receive', 'c'), true)
  assert.equal(rules.allows(nobody, 'receive', 'b'), false)
})

test('an empty file lets nobody do anything', () => {
  const rules = acl('')
  assert.equal(rules.policy.rules.length, 0)
  assert.equal(rules.allows(hall, 'publish', 'a'), false)
})

test('a user without a section gets nothing where there are no patterns', () => {
  assert.equal(acl('topic read #', 'user hall', 'topic read #').allows(subjectOf('other'), 'receive', 'a'), false)
})

test('connecting is not what such a file is about', () => {
  assert.equal(acl('topic read a').decision(hall, 'connect', '').allowed, true)
})

test('rules carry the line as it is written, and where', () => {
  const rules = acl('', 'user hall', '  topic  read  a/#  ')
  const { rule } = rules.decision(hall, 'receive', 'a/b')
  assert.equal(rule?.text, '  topic  read  a/#')
  assert.deepEqual(rule.place, { file: 'rules', line: 3 })
})

test('what rules have in common is one object', () => {
  const { policy } = acl('user a', 'topic read x/#', 'topic write y', 'user b', 'topic read x/#')
  const [first, second, third] = policy.rules
  assert.equal(first?.topics, third?.topics)
  assert.equal(first?.who, second?.who)
})
