import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCases } from '../../../../src/authz/check/run-cases.ts'
import { parsePolicyCases } from '../../../../src/config/policy-test.ts'
import { RuleMistakes } from '../../../../src/config/rule-mistakes.ts'
import { policyOf } from './kit.ts'

/** Every case comes out as expected, and every rule decides one. */
async function check(rules: string, cases: string): Promise<void> {
  const mistakes = new RuleMistakes()
  const tests = parsePolicyCases(cases, 'cases.yaml', mistakes)
  mistakes.check()
  const { failures, coverage } = await runCases(policyOf(rules), tests)
  assert.deepEqual(
    failures.map(({ test: { place }, what }) => `${place}: ${what}`),
    [],
  )
  assert.deepEqual(
    coverage.silent.map(({ text }) => text),
    [],
  )
}

test('the access control file of a demonstration is five rules', async () => {
  const rules = `
rules:
  - { allow: subscribe, topic: dt/demo/#, user: mqttservice }
  - { allow: [publish, subscribe], topic: cmd/demo/#, user: mqttservice }
  - { allow: [publish, subscribe], topic: '#', user: mqttuser }
  - { allow: publish, topic: 'dt/demo/+/{user}/#' }
  - { allow: [publish, subscribe], topic: 'cmd/demo/+/{user}/#' }
`
  const cases = `
who:
  device: { user: dev00001 }
  service: { user: mqttservice }
  anyone: { user: mqttuser }
cases:
  - who: device
    allow:
      - publish dt/demo/1/dev00001/senml
      - publish dt/demo/test/dev00001
      - publish cmd/demo/1/dev00001/reboot/req
      - subscribe cmd/demo/1/dev00001/reboot/req
    deny:
      - publish dt/demo/1/dev00002
      - receive dt/demo/1/dev00001/senml
  - who: service
    allow:
      - publish dt/demo/1/mqttservice/y
      - receive dt/demo/1/dev00001/senml
      - publish cmd/demo/1/dev00002/reboot/req
    deny:
      - publish dt/demo/1/x/y
  - who: anyone
    allow: ['publish a/b', 'subscribe #', 'receive x', 'will a retain qos 2']
    deny: ['receive $SYS/broker/uptime', 'publish $SYS/x', 'subscribe $SYS/#']
  - who: {}
    deny: [publish dt/demo/1//x, publish cmd/demo/1/x]
`
  await check(rules, cases)
})

test('a list of ordered rules is the same list', async () => {
  const rules = `
rules:
  - { name: no secrets, deny: [publish, subscribe], topic: /secret/# }
  - { name: own topic, allow: publish, topic: '/clients/{user}' }
  - { name: machines read, allow: subscribe, topic: /clients/#, matches: { user: 'machine[0-9]+' } }
  - { name: admin, allow: [publish, subscribe], user: admin }
`
  const cases = `
cases:
  - who: { user: machine12 }
    allow: [publish /clients/machine12, subscribe /clients/#]
    deny: [publish /clients/machine1, publish clients/machine12, subscribe /secret/a, 'subscribe #']
  - who: { user: xmachine12 }
    allow: [publish /clients/xmachine12]
    deny: [subscribe /clients/#]
  - who: { user: admin }
    allow: [publish a, subscribe /clients/+, publish $x]
    deny: [publish /secret/a, 'subscribe /#']
  - who: { user: a/b }
    deny: [publish /clients/a/b]
  - who: { user: '+' }
    deny: [publish /clients/a]
`
  await check(rules, cases)
})

test('topic spaces, client groups and permission bindings are rules with attributes', async () => {
  const areas = `
rules:
  - { allow: [publish, subscribe], topic: 'areas/area1/#', attributes: { area: area1 } }
  - { allow: [publish, subscribe], topic: 'areas/area2/#', attributes: { area: area2 } }
`
  await check(
    areas,
    `
cases:
  - who: { user: m1, attributes: { area: area1 } }
    allow: [publish areas/area1/m1, subscribe areas/area1/#]
    deny: [publish areas/area2/m1, subscribe areas/area2/#, subscribe areas/#]
  - who: { user: m2, attributes: { area: area2 } }
    allow: [publish areas/area2/m1, receive areas/area2/m1]
    deny: [receive areas/area1/m1]
  - who: { user: m3 }
    deny: [publish areas/area1/m1]
`,
  )
  const machines = `
rules:
  - allow: publish
    topic: 'machines/{user}/temp'
    attributes: { type: machine }
  - allow: subscribe
    topic: 'machines/{user}/command'
    attributes: { type: machine }
  - allow: publish
    topics: ['machines/+/command', 'machines/{user}.factory1/temp']
    attributes: { type: management, floor: '<= 5', sensors: [motion, humidity] }
  - allow: subscribe
    topic: machines/+/temp
    attributes: { type: management }
    maximum_subscribers: 10
`
  await check(
    machines,
    `
who:
  machine: { user: machine1, attributes: { type: machine } }
  manager: { user: boss, attributes: { type: management, floor: 3, sensors: [humidity] } }
cases:
  - who: machine
    allow: [publish machines/machine1/temp, subscribe machines/machine1/command]
    deny: [publish machines/machine2/temp, publish machines/machine2/command, subscribe machines/+/command]
  - who: manager
    allow: [publish machines/machine1/command, subscribe machines/+/temp, publish machines/boss.factory1/temp]
    deny: [publish machines/machine1/temp, subscribe machines/#]
  - who: { user: low, attributes: { type: management, floor: 6, sensors: [humidity] } }
    deny: [publish machines/machine1/command]
`,
  )
})

test('the patterns of roles are rules with roles', async () => {
  const rules = `
rules:
  - { allow: publish, topics: ['devices/{user}/events/+', status/#], role: device }
  - { allow: subscribe, topic: 'devices/{user}/commands/#', role: device }
  - { allow: [publish, subscribe], topic: devices/#, roles: [api, admin] }
`
  const cases = `
cases:
  - who: { user: d1, roles: [device, other] }
    allow: [publish devices/d1/events/x, publish status/a/b, subscribe devices/d1/commands/+]
    deny: [publish devices/d1/events/x/y, publish devices/d2/events/x, subscribe devices/#, publish devices/d1]
  - who: { user: d1 }
    deny: [publish devices/d1/events/x]
  - who: { user: api, roles: [api] }
    allow: ['subscribe devices/#', publish devices/d1/commands/reboot]
    deny: ['subscribe #']
`
  await check(rules, cases)
})

test('connecting, wills, QoS and RETAIN have rules of their own', async () => {
  const rules = `
rules:
  - { deny: connect, address: 203.0.113.0/24 }
  - { allow: connect, anonymous: false }
  - { deny: retain, topic: alarms/# }
  - { allow: will, topic: 'gone/{client}' }
  - { allow: publish, topic: 'alarms/{client}', qos: 1 }
  - { allow: publish, topic: 'state/{client}', retain: true }
  - { allow: receive, topic: alarms/# }
`
  const cases = `
cases:
  - who: { user: a, address: 203.0.113.9 }
    deny: [connect]
  - who: { user: a, client: c, address: '::ffff:198.51.100.1' }
    allow: [connect, will gone/c, publish alarms/c qos 1, will alarms/c, publish state/c retain, receive alarms/x]
    deny: [publish gone/c, publish alarms/c qos 2, publish alarms/c retain, will alarms/c retain, publish state/c, subscribe alarms/x]
  - who: {}
    deny: [connect]
`
  await check(rules, cases)
})
