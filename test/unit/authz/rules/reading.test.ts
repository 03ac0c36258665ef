import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actionBits, readBits, writeBits } from '../../../../src/authz/policy/rule.ts'
import { mistakesIn, rulesIn } from './kit.ts'

test('a rule is known by its file and line, and says what it does in one line', () => {
  const { rules } = rulesIn(
    [
      '# what devices may do',
      'rules:',
      '',
      '  - allow: publish',
      '    topic: dt/{user}/#',
      '  # and more',
      '  - name: commands',
      '    allow: [subscribe, receive]',
      '    topics:',
      '      - cmd/{client}/+',
      "      - 'cmd/all'",
      '    role: device',
      '  - deny: [retain, connect]',
    ].join('\n'),
  )
  assert.deepEqual(
    rules.map(({ place, effect, actions, text }) => [place.file, place.line, effect, actions, text]),
    [
      ['rules.yaml', 4, 'allow', writeBits, 'allow publish dt/{user}/#'],
      [
        'rules.yaml',
        7,
        'allow',
        readBits,
        'commands: allow subscribe, receive cmd/{client}/+, cmd/all if role is "device"',
      ],
      ['rules.yaml', 13, 'deny', actionBits(['retain', 'connect']), 'deny retain, connect'],
    ],
  )
})

test('YAML in all its forms and JSON say the same', () => {
  const texts = [
    'rules:\n  - allow: [publish]\n    topics: [a/#, b]\n    users: [x]\n  - deny: connect\n',
    'rules:\n- allow:\n  - publish\n  topics:\n  - a/#\n  - b\n  users:\n  - x\n- deny: connect\n',
    'rules:\n  - { allow: publish, topics: ["a/#", \'b\'], user: x }\n  - {deny: connect}',
    'rules: [{ allow: publish, topics: [a/#, b], user: "x" }, {deny: connect}]',
    'rules:\n  - &r\n    allow: publish\n    topics: [a/#, "\\x62"]\n    user: >-\n      x\n  - deny: connect\n',
    '\uFEFFrules:\r\n  - allow: publish\r\n    topics: [a/#, b]\r\n    user: x\r\n  - deny: connect\r\n',
    '{"rules": [{"allow": "publish", "topics": ["a/#", "b"], "user": "x"}, {"deny": "connect"}]}',
    '{\n "sets": {"s": ["x"]},\n "rules": [\n  {"allow": ["publish"],\n   "topics": ["a/#", "\\u0062"],\n   "users": "$s"},\n  {"deny": "connect"}\n ]\n}\n',
    'sets:\n  s: [x]\nrules:\n  - allow: publish\n    topics: [a/#, b]\n    users: [$s]\n  - deny: connect\n',
  ]
  for (const text of texts) {
    const shown = rulesIn(text).rules.map((rule) => rule.text)
    assert.deepEqual(shown, ['allow publish a/#, b if user is "x"', 'deny connect'], text)
  }
})

test('a file may have no rules, but must say so', () => {
  assert.deepEqual(rulesIn('rules: []').rules, [])
  assert.deepEqual(rulesIn('rules:\n').rules, [])
  for (const text of ['', 'sets: {}', 'rules: all', '[]', 'x', 'rules: {}'])
    assert.equal(mistakesIn(text).length, 1, text)
})

test('every mistake is told with line, column and what to do', () => {
  const text = [
    'rules:',
    '  - alow: publish',
    '    topic: a',
    '  - allow: publsh',
    '    topics: [a/#/b, b+]',
    '  - allow: [publish, connect]',
    '    topic: $share/x/a',
    '  - allow: subscribe',
    "    topics: [a, 'x{', '{usr}']",
    '    address: 10.0.0.0/33',
    '    attributes: { Area: true, x: "<= z" }',
    "    matches: { user: '(?=a)', foo: 1 }",
    '    users: $oops',
  ].join('\n')
  assert.deepEqual(mistakesIn(text), [
    'rules.yaml:2:5: unknown option "alow", did you mean "allow"?',
    'rules.yaml:2:5: the rule needs "allow" or "deny" with one or more of connect, publish, subscribe, receive, will, retain',
    'rules.yaml:4:12: "publsh" is no action, did you mean "publish"?',
    'rules.yaml:5:14: no topic filter: # stands for the rest of a topic, alone in the last level: "a/#/b"',
    'rules.yaml:5:21: no topic filter: + stands for a level, alone in it: "b+"',
    'rules.yaml:6:12: connecting is about no topic: make a rule of its own for "connect"',
    'rules.yaml:7:12: rules are about the topics of shared subscriptions, too: leave "$share/…/" out: "$share/x/a"',
    'rules.yaml:9:17: a brace that belongs to no variable is written twice, {{ or }}: "x{"',
    'rules.yaml:9:23: there is no variable {usr}, did you mean "user"?: "{usr}"',
    'rules.yaml:10:5: "10.0.0.0/33": the length of the network must be from 0 to 32',
    'rules.yaml:11:19: Area must be a text, a whole number or a list of them: put true in quotes',
    'rules.yaml:11:31: x needs a whole number behind <=, not "z"',
    `rules.yaml:12:16: ${refused}`,
    'rules.yaml:12:31: unknown option "foo"; it must be one of user, client, common_name',
    'rules.yaml:13:12: there is no set "oops"; a name that begins with $ is written $$',
  ])
})

const refused =
  'the regular expression cannot be used: invalid or unsupported Perl syntax: `(?=`; there is no looking ahead or back, which could take for ever'

test('an unquoted # that begins a comment is explained', () => {
  assert.deepEqual(mistakesIn('rules:\n  - allow: subscribe\n    topic: #\n'), [
    'rules.yaml:3:12: topic is empty; in YAML an unquoted # begins a comment, so put it in quotes',
  ])
  const { remarks } = rulesIn('rules:\n  - allow: subscribe\n    topic: dt/ # all\n')
  assert.deepEqual(remarks, [
    {
      file: 'rules.yaml',
      line: 2,
      text: 'the topic "dt/" ends in "/" and matches nothing below it; where # was meant, put it in quotes',
    },
  ])
})

test('what does not go together is refused', () => {
  const wrong = {
    'allow: receive, qos: 1': 'qos says nothing of receive: leave it out, or make two rules',
    'allow: connect, qos: 1': 'qos says nothing of connect: leave it out, or make two rules',
    'allow: [publish, receive], retain: true': 'retain says nothing of receive: leave it out, or make two rules',
    'allow: subscribe, retain: true': 'retain is about publish and will, not subscribe',
    'allow: publish, deny: publish': 'a rule has either "allow" or "deny"',
    'allow: publish, topic: a, topics: b': 'a rule has either "topic" or "topics"',
    'allow: publish, user: a, users: b': 'give either "user" or "users"',
    'deny: subscribe, maximum_subscribers: 3': 'maximum_subscribers goes with "allow: subscribe" only',
    'allow: publish, qos: 3': 'qos must be 0, 1 or 2, the highest that the rule is about, not 3',
    'allow: publish, user: 12': 'user must be a text: put 12 in quotes',
    'allow: []': 'allow must not be an empty list',
    'allow: publish, users: []': 'users must not be an empty list',
    'allow: publish, unless: {}': 'unless must have a condition',
    'allow: publish, unless: {topic: a}': 'unknown option "topic"',
    'allow: publish, topic: {user}':
      'topic must be a text or a list of texts, not a section; a text that begins with { must be in quotes',
    'allow: publish, topics: [a, "{permissions.publish}"]':
      '{permissions.publish} stands for whole topic filters: it must be the only topic of its rule, {permissions.publish} or {permissions.subscribe}: "{permissions.publish}"',
  }
  for (const [rule, message] of Object.entries(wrong)) {
    const [first, ...more] = mistakesIn(`rules:\n  - { ${rule} }\n`)
    assert.deepEqual([first?.replace(/^rules\.yaml:\d+:\d+: /, ''), more], [message, []], rule)
  }
})

test('an option that is given twice is a mistake in YAML and in JSON', () => {
  const twice = /:\d+: the option "deny" is given twice$/
  assert.match(mistakesIn('rules:\n  - deny: publish\n    deny: connect\n')[0] ?? '', twice)
  assert.match(mistakesIn('{"rules": [{"deny": "publish", "deny": "connect"}]}')[0] ?? '', twice)
})

test('mistakes are counted when there are many, and the rest of the file is not read', () => {
  const text = `rules:\n${'  - allow: nothing\n'.repeat(50)}`
  const lines = mistakesIn(text)
  assert.equal(lines.length, 20)
  assert.ok(lines.every((line) => line.includes('is no action')))
})
