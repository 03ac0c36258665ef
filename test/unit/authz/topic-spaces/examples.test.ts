import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subjectOf, topicSpaces } from './kit.ts'

const factory = `
clientGroups:
  - { name: area1-clients, query: 'attributes.area = "area1"' }
  - { name: area2-clients, query: 'attributes.area = "area2"' }
topicSpaces:
  - { name: area1, topicTemplates: [areas/area1/#] }
  - { name: area2, topicTemplates: [areas/area2/#] }
permissionBindings:
  - { clientGroupName: area1-clients, topicSpaceName: area1, permission: Publisher }
  - { clientGroupName: area1-clients, topicSpaceName: area1, permission: Subscriber }
  - { clientGroupName: area2-clients, topicSpaceName: area2, permission: Publisher }
  - { clientGroupName: area2-clients, topicSpaceName: area2, permission: Subscriber }
`

test('machines of an area talk to each other, and another area neither hears them nor speaks to them', () => {
  const rules = topicSpaces(factory)
  const one = subjectOf('machine1', { attributes: { area: 'area1' } })
  const two = subjectOf('machine2', { attributes: { area: 'area2' } })
  for (const action of ['publish', 'will', 'receive'] as const) {
    assert.ok(rules.allows(one, action, 'areas/area1/machine1'))
    assert.ok(!rules.allows(two, action, 'areas/area1/machine1'))
  }
  const { allowed, whole, rule } = rules.decide(one, 'subscribe', 'areas/area1/#')
  assert.deepEqual({ allowed, whole }, { allowed: true, whole: true })
  assert.equal(rule?.text, 'client group "area1-clients" is Subscriber of topic space "area1"')
  assert.deepEqual(rule?.place, { file: 'spaces.yaml', line: 10 })
  for (const filter of ['areas/area1/#', 'areas/#', 'areas/+/machine1', '#', '+/area1/machine1'])
    assert.ok(!rules.allows(two, 'subscribe', filter), filter)
})

const management = `
clientGroups:
  - { name: machines, query: attributes.type = 'machine' }
  - { name: management, query: attributes.type = 'management' }
topicSpaces:
  - { name: telemetry-of-one, topicTemplates: ['machines/\${client.authenticationName}/temp'] }
  - { name: telemetry-of-all, topicTemplates: [machines/+/temp] }
  - { name: commands-to-one, topicTemplates: ['machines/\${client.authenticationName}/commands'] }
  - { name: commands-to-all, topicTemplates: [machines/+/commands] }
permissionBindings:
  - { clientGroupName: machines, topicSpaceName: telemetry-of-one, permission: Publisher }
  - { clientGroupName: machines, topicSpaceName: commands-to-one, permission: Subscriber }
  - { clientGroupName: management, topicSpaceName: telemetry-of-all, permission: Subscriber }
  - { clientGroupName: management, topicSpaceName: commands-to-all, permission: Publisher }
`

test('a machine that was taken over can neither give commands nor pass for another machine', () => {
  const rules = topicSpaces(management)
  const machine = subjectOf('machine1', { attributes: { type: 'machine' } })
  const manager = subjectOf('desk', { attributes: { type: 'management' } })
  assert.ok(rules.allows(machine, 'publish', 'machines/machine1/temp'))
  assert.ok(rules.allows(machine, 'subscribe', 'machines/machine1/commands'))
  assert.ok(rules.allows(manager, 'publish', 'machines/machine1/commands'))
  assert.ok(rules.allows(manager, 'subscribe', 'machines/+/temp'))
  for (const topic of ['machines/machine2/temp', 'machines/machine1/commands', 'machines/machine2/commands'])
    assert.ok(!rules.allows(machine, 'publish', topic), topic)
  for (const filter of ['machines/machine2/commands', 'machines/+/commands', 'machines/machine1/#', 'machines/+/temp'])
    assert.ok(!rules.allows(machine, 'subscribe', filter), filter)
  assert.ok(!rules.allows(manager, 'publish', 'machines/machine1/temp'))
})

test('everybody says hello to everybody', () => {
  const rules = topicSpaces(`
topicSpaces: [{ name: hello, topicTemplates: ['sample/#'] }]
permissionBindings:
  - { clientGroupName: $all, topicSpaceName: hello, permission: Publisher }
  - { clientGroupName: $all, topicSpaceName: hello, permission: Subscriber }
`)
  for (const client of [subjectOf('a'), subjectOf('b'), subjectOf('', { method: 'anonymous' })]) {
    assert.ok(rules.allows(client, 'publish', 'sample/hello'))
    assert.ok(rules.allows(client, 'subscribe', 'sample/#'))
    assert.ok(!rules.allows(client, 'subscribe', '#'))
    assert.ok(!rules.allows(client, 'publish', 'other'))
  }
})

const fleet = `
clientGroups:
  - { name: vehicles, query: attributes.type = 'vehicle' }
  - { name: fleet-mgr, query: name = 's1-fleet-mgr' }
  - { name: phones, query: "attributes.type = 'mobile'" }
topicSpaces:
  - { name: alerts, topicTemplates: [fleet/alerts/#], subscriptionSupport: HighFanout }
  - { name: position-of-one, topicTemplates: ['vehicles/\${client.name}/position'], subscriptionSupport: NotSupported }
  - { name: position-of-all, topicTemplates: [vehicles/+/position], subscriptionSupport: LowFanout }
  - { name: unlock-ask, topicTemplates: ['vehicles/unlock/req/+/\${client.name}'], subscriptionSupport: NotSupported }
  - { name: unlock-asked, topicTemplates: ['vehicles/unlock/req/\${client.name}/#'], subscriptionSupport: LowFanout }
  - { name: unlock-answer, topicTemplates: ['vehicles/unlock/res/+/\${client.name}'], subscriptionSupport: NotSupported }
  - { name: unlock-answered, topicTemplates: ['vehicles/unlock/res/\${client.name}/#'], subscriptionSupport: LowFanout }
permissionBindings:
  - { clientGroupName: fleet-mgr, topicSpaceName: alerts, permission: Publisher }
  - { clientGroupName: vehicles, topicSpaceName: alerts, permission: Subscriber }
  - { clientGroupName: vehicles, topicSpaceName: position-of-one, permission: Publisher }
  - { clientGroupName: fleet-mgr, topicSpaceName: position-of-all, permission: Subscriber }
  - { clientGroupName: phones, topicSpaceName: unlock-ask, permission: Publisher }
  - { clientGroupName: vehicles, topicSpaceName: unlock-asked, permission: Subscriber }
  - { clientGroupName: vehicles, topicSpaceName: unlock-answer, permission: Publisher }
  - { clientGroupName: phones, topicSpaceName: unlock-answered, permission: Subscriber }
`

for (const fanoutChecks of [false, true]) {
  test(`alerts go out to a fleet, positions come in, and one phone unlocks one vehicle, fan-out checks ${fanoutChecks ? 'on' : 'off'}`, () => {
    const rules = topicSpaces(fleet, { fanoutChecks })
    const vehicle = subjectOf('v1', { attributes: { type: 'vehicle' } })
    const phone = subjectOf('p1', { attributes: { type: 'mobile' } })
    const manager = subjectOf('s1-fleet-mgr')
    assert.ok(rules.allows(manager, 'publish', 'fleet/alerts/weather'))
    assert.ok(rules.allows(vehicle, 'subscribe', 'fleet/alerts/#'))
    assert.ok(!rules.allows(vehicle, 'publish', 'fleet/alerts/weather'))
    assert.ok(rules.allows(vehicle, 'publish', 'vehicles/v1/position'))
    assert.ok(!rules.allows(vehicle, 'publish', 'vehicles/v2/position'))
    assert.ok(rules.allows(manager, 'subscribe', 'vehicles/+/position'))
    assert.ok(rules.allows(phone, 'publish', 'vehicles/unlock/req/v1/p1'))
    assert.ok(!rules.allows(phone, 'publish', 'vehicles/unlock/req/v1/p2'))
    assert.ok(rules.allows(vehicle, 'subscribe', 'vehicles/unlock/req/v1/#'))
    assert.ok(rules.allows(vehicle, 'publish', 'vehicles/unlock/res/p1/v1'))
    assert.ok(rules.allows(phone, 'subscribe', 'vehicles/unlock/res/p1/#'))
    assert.ok(!rules.allows(phone, 'subscribe', 'vehicles/unlock/res/#'))
    const { maximumSubscribers } = rules.decide(manager, 'subscribe', 'vehicles/+/position')
    assert.equal(maximumSubscribers, fanoutChecks ? 10 : 0)
    assert.equal(rules.decide(vehicle, 'subscribe', 'fleet/alerts/#').maximumSubscribers, 0)
  })
}
