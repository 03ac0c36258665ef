import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMosquittoAcl } from '../../../../src/authz/mosquitto-acl/mosquitto-acl.ts'
import type { Action } from '../../../../src/engine/ports.ts'
import { Rules, subjectOf } from './kit.ts'

const rules = new Rules(
  readMosquittoAcl,
  `# devices report, and are commanded
pattern write dt/demo/+/%u/#
pattern readwrite cmd/demo/+/%u/#

user mqttservice
topic read dt/demo/#
topic readwrite cmd/demo/#

user mqttuser
topic readwrite #
`,
)

const table: readonly (readonly [user: string, actions: readonly Action[], topic: string, allowed: boolean])[] = [
  ['dev00001', ['publish', 'will'], 'dt/demo/1/dev00001/senml', true],
  ['dev00001', ['publish', 'will'], 'dt/demo/1/dev00002', false],
  ['dev00001', ['publish'], 'dt/demo/test/dev00001', true],
  ['dev00001', ['receive', 'subscribe'], 'dt/demo/1/dev00001/senml', false],
  ['dev00001', ['publish', 'subscribe', 'receive'], 'cmd/demo/1/dev00001/reboot/req', true],
  ['dev00001', ['subscribe'], 'cmd/demo/+/dev00001/#', true],
  ['dev00001', ['subscribe'], 'cmd/demo/#', false],
  ['mqttservice', ['publish'], 'dt/demo/1/x/y', false],
  ['mqttservice', ['publish'], 'dt/demo/1/mqttservice/y', true],
  ['mqttservice', ['receive', 'subscribe'], 'dt/demo/1/dev00001/senml', true],
  ['mqttservice', ['subscribe'], 'dt/demo/#', true],
  ['mqttservice', ['publish'], 'cmd/demo/1/dev00002/reboot/req', true],
  ['mqttuser', ['publish', 'subscribe', 'receive', 'will'], 'any/thing', true],
  ['mqttuser', ['subscribe'], '#', true],
  ['mqttuser', ['receive', 'subscribe', 'publish'], '$SYS/broker/uptime', false],
  ['mqttuser', ['subscribe'], '$SYS/#', false],
]

for (const [user, actions, topic, allowed] of table) {
  for (const action of actions) {
    test(`the demonstration ${allowed ? 'lets' : 'does not let'} ${user} ${action} ${topic}`, () => {
      assert.equal(rules.allows(subjectOf(user), action, topic), allowed)
    })
  }
}

test('what is refused is refused by no rule or by one that is named, and what is allowed by one that is named', () => {
  assert.equal(rules.line(subjectOf('dev00001'), 'publish', 'dt/demo/1/dev00001/senml'), 2)
  assert.equal(rules.line(subjectOf('mqttservice'), 'receive', 'dt/demo/1/dev00001/senml'), 6)
  assert.equal(rules.line(subjectOf('dev00001'), 'publish', 'dt/demo/1/dev00002'), null)
})

test('clients without a user name get nothing of it', () => {
  assert.equal(rules.allows(subjectOf(null), 'publish', 'dt/demo/1/dev00001/senml'), false)
  assert.equal(rules.allows(subjectOf(null), 'subscribe', '#'), false)
})
