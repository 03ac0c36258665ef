import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createBroker, type Identity, openRules } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'petaltail-rules-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'rules.yaml')

const rules = `
rules:
  - allow: [publish, subscribe]
    topic: "devices/{user}/#"
  - allow: subscribe
    role: watcher
    topic: "devices/+/state"
`
writeFileSync(file, rules)

const pump: Identity = { name: 'pump', method: 'test' }
const watcher: Identity = { name: 'eye', method: 'test', roles: ['watcher'] }

async function ruled() {
  return await createBroker({ authorizer: await openRules({ sources: [{ rules: { file } }] }) })
}

test('a part of the program may do what the rules allow its identity', async () => {
  await using broker = await ruled()
  const seen: string[] = []
  const eye = broker.client('eye-1', watcher)
  const stop = await eye.subscribe('devices/+/state', ({ topic, publisher }) => seen.push(`${topic} ${publisher}`))
  const sender = broker.client('pump-1', pump)
  assert.equal(await sender.publish('devices/pump/state', 'on'), 1)
  assert.equal(await sender.publish('devices/pump/other', 'on'), 0)
  await assert.rejects(sender.publish('devices/other/state', 'on'), {
    code: 'NOT_AUTHORIZED',
    message: /no rule allows it/,
  })
  await assert.rejects(
    sender.subscribe('devices/#', () => {}),
    { code: 'NOT_AUTHORIZED' },
  )
  await assert.rejects(sender.publish('$SYS/x', ''), { code: 'NOT_AUTHORIZED' })
  await assert.rejects(sender.publish('a/#', ''), { code: 'TOPIC_INVALID' })
  stop()
  assert.equal(await sender.publish('devices/pump/state', 'on'), 0)
  assert.deepEqual(seen, ['devices/pump/state pump-1'])
  const denied = broker.recentEvents().flatMap(({ event }) => (event.kind === 'denied' ? [event.clientId] : []))
  assert.deepEqual(denied, ['pump-1', 'pump-1', 'pump-1'])
})

test('retained messages are given to a part of the program as the rules allow', async () => {
  await using broker = await ruled()
  for (const topic of ['devices/pump/a', 'devices/pump/b', 'elsewhere']) broker.publish(topic, 'x', { retain: true })
  const seen: string[] = []
  await broker
    .client('pump-1', pump)
    .subscribe('devices/pump/#', ({ topic, retain }) => seen.push(`${topic} ${retain}`))
  assert.deepEqual(seen.sort(), ['devices/pump/a true', 'devices/pump/b true'])
})

test('a broker explains what its rules decide', async () => {
  await using broker = await ruled()
  const allowed = await broker.explain({ id: 'pump-1', identity: pump }, 'publish', 'devices/pump/state')
  assert.equal(allowed?.allowed, true)
  assert.equal(allowed?.rule?.place, `${file}:3`)
  assert.equal(allowed?.rule?.filter, 'devices/pump/#')
  const denied = await broker.explain({ id: 'pump-1', identity: pump }, 'subscribe', 'devices/+/state')
  assert.equal(denied?.allowed, false)
  assert.equal(denied?.rule, null)
  assert.match(denied?.nearest?.why ?? '', /matches only some of it/)
})

test('a broker whose authorizer explains nothing says so', async () => {
  await using broker = await createBroker()
  assert.equal(await broker.explain({ id: 'a', identity: pump }, 'publish', 't'), null)
})

test('rules that cannot be used are refused', async () => {
  await assert.rejects(openRules({ sources: [{ rules: { file: join(folder, 'none') } }] }), {
    code: 'ACCESS_FILE_UNREADABLE',
  })
  await assert.rejects(openRules({ sources: [{}] }), { code: 'SETTINGS_INVALID' })
  const wrong = join(folder, 'wrong.yaml')
  writeFileSync(wrong, 'rules:\n  - alow: publish\n')
  await assert.rejects(openRules({ sources: [{ rules: { file: wrong } }] }), {
    code: 'ACCESS_INVALID',
    message: /wrong\.yaml:2:5: .*allow/,
  })
})

test('changed rules take effect in a part of the program', async () => {
  await using broker = await ruled()
  const seen: string[] = []
  const client = broker.client('pump-1', pump)
  await client.subscribe('devices/pump/#', ({ topic }) => seen.push(topic))
  broker.publish('devices/pump/a', 'x')
  writeFileSync(file, 'rules:\n  - allow: subscribe\n    topic: devices/pump/b\n')
  try {
    while ((await broker.explain({ id: 'p', identity: pump }, 'receive', 'devices/pump/a'))?.allowed === true)
      await new Promise((resolve) => setTimeout(resolve, 50))
    broker.publish('devices/pump/a', 'x')
    broker.publish('devices/pump/b', 'x')
    assert.deepEqual(seen, ['devices/pump/a', 'devices/pump/b'])
  } finally {
    writeFileSync(file, rules)
  }
})
