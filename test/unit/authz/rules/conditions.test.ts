import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allows, mistakesIn, policyOf } from './kit.ts'

type Who = Readonly<Record<string, unknown>>

/** Who of these may publish by a rule with the given condition. */
function about(condition: string, clients: readonly Who[]): boolean[] {
  const policy = policyOf(`rules:\n  - { allow: publish, ${condition} }\n`)
  return clients.map((who) => allows(policy, who, 'publish', 'a'))
}

test('names are exact, or have * for any characters', () => {
  const clients = [{ user: 'dev-7' }, { user: 'dev-' }, { user: 'Dev-7' }, { user: 'x-dev-7-b' }, { client: 'dev-7' }]
  assert.deepEqual(about('user: dev-7', clients), [true, false, false, false, false])
  assert.deepEqual(about('users: ["dev-*"]', clients), [true, true, false, false, false])
  assert.deepEqual(about('users: [nobody, "*dev*7*b"]', clients), [false, false, false, true, false])
  assert.deepEqual(about('user: "*"', clients), [true, true, true, true, false])
  assert.deepEqual(about('client: "dev-*"', clients), [true, true, false, false, true])
})

test('a star does not use the same characters twice', () => {
  assert.deepEqual(about('user: "ab*ba"', [{ user: 'aba' }, { user: 'abba' }, { user: 'abxba' }]), [false, true, true])
  assert.deepEqual(about('user: "a*b*c"', [{ user: 'abc' }, { user: 'acb' }, { user: 'axbxbxc' }]), [true, false, true])
})

test('names are compared as they are written, not as they look', () => {
  const clients = [{ user: 'é' }, { user: 'e\u0301' }, { user: 'constructor' }, { user: '__proto__' }]
  assert.deepEqual(about('user: é', clients), [true, false, false, false])
  assert.deepEqual(about('user: constructor', clients), [false, false, true, false])
  assert.deepEqual(about('user: __proto__', clients), [false, false, false, true])
  assert.deepEqual(about('attributes: { constructor: "*" }', clients), [false, false, false, false])
})

test('anonymous clients have no name, whatever they say', () => {
  const clients = [{}, { user: 'alice' }]
  assert.deepEqual(about('anonymous: true', clients), [true, false])
  assert.deepEqual(about('anonymous: false', clients), [false, true])
})

test('one role or group of many is enough', () => {
  const clients = [{ roles: ['reader', 'admin'] }, { role: 'reader' }, { groups: ['admin'] }, {}]
  assert.deepEqual(about('role: admin', clients), [true, false, false, false])
  assert.deepEqual(about('roles: [writer, "adm*"]', clients), [true, false, false, false])
  assert.deepEqual(about('group: admin', clients), [false, false, true, false])
})

test('all conditions must hold', () => {
  const clients = [{ user: 'a', role: 'x' }, { user: 'a' }, { user: 'b', role: 'x' }]
  assert.deepEqual(about('user: a, role: x', clients), [true, false, false])
  assert.deepEqual(about('user: a, unless: { role: x }', clients), [false, true, false])
  assert.deepEqual(about('unless: { user: a, role: x }', clients), [false, true, true])
})

test('attributes are compared as texts, as whole numbers, and item by item when they are lists', () => {
  const clients = [
    { attributes: { area: 'north', floor: 5, sensors: ['motion', 'humidity'] } },
    { attributes: { area: 'south', floor: '12', sensors: 'motion' } },
    { attributes: { area: '', floor: -3, sensors: [] } },
    {},
  ]
  const expected: Readonly<Record<string, readonly boolean[]>> = {
    'area: north': [true, false, false, false],
    'area: [north, south]': [true, true, false, false],
    'area: "*"': [true, true, true, false],
    'area: "s*"': [false, true, false, false],
    'area: "= s*"': [false, false, false, false],
    'area: "!= north"': [false, true, true, false],
    'floor: 5': [true, false, false, false],
    'floor: "5"': [true, false, false, false],
    'floor: [5, 12]': [true, true, false, false],
    'floor: "<= 5"': [true, false, true, false],
    'floor: "< 5"': [false, false, true, false],
    'floor: "> 5"': [false, true, false, false],
    'floor: ">=12"': [false, true, false, false],
    'floor: "> -4"': [true, true, true, false],
    'sensors: motion': [true, true, false, false],
    'sensors: [smoke, humidity]': [true, false, false, false],
    'sensors: "!= humidity"': [false, true, true, false],
    'area: north, floor: "> 5"': [false, false, false, false],
  }
  for (const [condition, answers] of Object.entries(expected))
    assert.deepEqual(about(`attributes: { ${condition} }`, clients), answers, condition)
})

test('addresses are of a network in any way they are written', () => {
  const clients = ['10.1.2.3', '::ffff:10.1.2.3', '11.0.0.1', 'fd00::1', 'fe80::1%eth0', '127.0.0.1', '::1', ''].map(
    (address) => ({ address }),
  )
  const [yes, no] = [true, false]
  assert.deepEqual(about('address: 10.0.0.0/8', clients), [yes, yes, no, no, no, no, no, no])
  assert.deepEqual(about('address: "::ffff:10.0.0.0/104"', clients), [yes, yes, no, no, no, no, no, no])
  assert.deepEqual(about('address: 10.1.2.3', clients), [yes, yes, no, no, no, no, no, no])
  assert.deepEqual(about('addresses: ["fd00::/8", "fe80::/10"]', clients), [no, no, no, yes, yes, no, no, no])
  assert.deepEqual(about('address: local', clients), [no, no, no, no, no, yes, yes, yes])
  assert.deepEqual(about('addresses: [0.0.0.0/0]', clients), [yes, yes, yes, no, no, yes, no, no])
})

test('a client is known by listener, method and certificate, too', () => {
  const clients = [
    { user: 'pump', listener: 'inside', common_name: 'pump-7', issuer: 'CN=Site A' },
    { user: 'pump', listener: 'outside', method: 'token' },
  ]
  assert.deepEqual(about('listener: inside', clients), [true, false])
  assert.deepEqual(about('methods: [token, scram]', clients), [false, true])
  assert.deepEqual(about('certificate: { common_name: "pump-*", issuer: "CN=Site A" }', clients), [true, false])
  assert.deepEqual(about('certificate: { common_name: "pump-*", issuer: "CN=Site B" }', clients), [false, false])
  assert.deepEqual(about('matches: { common_name: "pump-[0-9]" }', clients), [true, false])
})

test('a regular expression is about the whole name', () => {
  const clients = [{ user: 'dev-12' }, { user: 'xdev-12' }, { user: 'dev-12x' }, { client: 'dev-12' }]
  assert.deepEqual(about("matches: { user: 'dev-[0-9]+' }", clients), [true, false, false, false])
  assert.deepEqual(about("matches: { user: 'dev-1|dev-12' }", clients), [true, false, false, false])
  assert.deepEqual(about("matches: { client: 'dev-[0-9]+' }", clients), [true, false, false, true])
})

test('nobody gets anything by a name that is too long for regular expressions', () => {
  const long = { user: 'd'.repeat(1_025) }
  const short = { user: 'd'.repeat(1_024) }
  const allowed = (rules: string) => [short, long].map((who) => allows(policyOf(rules), who, 'publish', 'a'))
  const everybody = '\n  - { allow: publish, topic: a }'
  const like = (user: string) => `matches: { user: '${user}' }`
  assert.deepEqual(allowed(`rules:\n  - { allow: publish, topic: a, ${like('d+')} }`), [true, false])
  assert.deepEqual(allowed(`rules:\n  - { allow: publish, topic: a, ${like('d.*')} }`), [true, false])
  assert.deepEqual(allowed(`rules:\n  - { allow: publish, topic: a, unless: { ${like('x+')} } }`), [true, false])
  assert.deepEqual(allowed(`rules:\n  - { deny: publish, topic: a, ${like('x+')} }${everybody}`), [true, false])
  assert.deepEqual(allowed(`rules:\n  - { deny: publish, topic: a, unless: { ${like('d+')} } }${everybody}`), [
    true,
    false,
  ])
})

test('a regular expression is bounded by what it comes to, and so is their number', () => {
  const mistake = (expression: string) =>
    mistakesIn(`rules:\n  - { allow: publish, topic: a, matches: { user: '${expression}' } }`)[0] ?? ''
  assert.match(mistake('(x{100}){10}y{100}'), /^rules\.yaml:2:\d+: the regular expression makes \d+ instructions/)
  assert.match(mistake('x'.repeat(1_025)), /over 1024 characters$/)
  const rule = (number: number) => `  - { allow: publish, topic: a, matches: { user: 'x?${number}' } }\n`
  const rules = Array.from({ length: 10_001 }, (_, number) => rule(number)).join('')
  assert.match(mistakesIn(`rules:\n${rules}`)[0] ?? '', /^rules\.yaml:10002:\d+: there are more than 10000 different/)
})

test('what is remembered of names for regular expressions is bounded, and stays right', () => {
  const policy = policyOf("rules:\n  - { allow: publish, topic: a, matches: { user: '(dev)+[0-9]*[02468]' } }")
  for (let round = 0; round < 2; round++)
    for (let number = 0; number < 12_000; number++)
      if (allows(policy, { user: `dev${number}` }, 'publish', 'a') !== (number % 2 === 0)) assert.fail(`dev${number}`)
})

test('a regular expression that other engines choke on takes no time', () => {
  const name = `${'a'.repeat(1_020)}b`
  const started = process.cpuUsage()
  assert.deepEqual(about("matches: { user: '(a*)*' }", [{ user: name }]), [false])
  assert.deepEqual(about("matches: { user: '(a|a)*(a|aa)+' }", [{ user: name }]), [false])
  assert.ok(process.cpuUsage(started).user < 5e6)
})

test('a set is a list with a name; a name that begins with $ is written with two', () => {
  const policy = policyOf(
    [
      'sets:',
      '  operators: [alice, bob, $$root]',
      'rules:',
      '  - { allow: publish, topic: a, users: $operators }',
      '  - { allow: publish, topic: b, users: [zoe, $operators] }',
      '  - { allow: publish, topic: c, users: [$$root] }',
    ].join('\n'),
  )
  const may = (user: string) => ['a', 'b', 'c'].filter((topic) => allows(policy, { user }, 'publish', topic)).join('')
  assert.deepEqual(['alice', 'zoe', '$root', 'operators', '$operators', '$$root'].map(may), [
    'ab',
    'b',
    'abc',
    '',
    '',
    '',
  ])
})
