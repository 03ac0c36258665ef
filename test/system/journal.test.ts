import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { v4, v5 } from '../kit/packets.ts'
import { cheapLine } from '../unit/authn/password-kit.ts'
import { run } from './cli-kit.ts'
import { badUserNameOrPassword, notAuthorized, Site } from './identity-kit.ts'

const acl = `user ann
topic readwrite open/#
topic deny closed/#
user bob
topic read #
`

async function openSite(): Promise<Site> {
  const lines = await Promise.all(['ann', 'bob'].map((name) => cheapLine(name, 'secret')))
  return await Site.open({
    config: (at, write) => ({
      listeners: [{ url: 'mqtt://127.0.0.1:0', name: 'inside' }],
      store: { kind: 'disk', path: at('data') },
      authenticators: [{ password: { file: write('users', lines.join('')) } }],
      access: { sources: [{ mosquitto_acl: { file: write('acl', acl) } }] },
      queue: { messages: 2 },
    }),
  })
}

const ann = { clientId: 'pump-7', username: 'ann', password: 'secret' }

async function why(site: Site, ...given: readonly string[]) {
  return await run(['why', ...given, '--config', site.at('petaltail.yaml')])
}

/** What is said as soon as it says so: the journal is written once a second. */
async function whyUntil(site: Site, pattern: RegExp, ...given: readonly string[]): Promise<string> {
  for (let tries = 0; tries < 30; tries++) {
    const { text } = await why(site, ...given)
    if (pattern.test(text)) return text
    await sleep(200)
  }
  return assert.fail(`no ${pattern} in ${(await why(site, ...given)).text}`)
}

test('why tells of a client what happened, which rule it was, and what to change', async () => {
  await using site = await openSite()
  assert.equal((await site.knock({ ...ann, password: 'gue55ed' })).code, badUserNameOrPassword)
  const client = await site.join(ann)
  for (let times = 0; times < 20; times++) client.send(v5.publish({ topic: 'closed/x', qos: 1, id: 1 }))
  for (let times = 0; times < 20; times++) await client.expect('puback', { code: notAuthorized })
  client.send(v5.publish({ topic: 'other', qos: 1, id: 2 }))
  await client.expect('puback', { code: notAuthorized })
  await client.disconnect()
  const text = await whyUntil(site, /disconnected/, 'pump-7')
  assert.match(text, /refused +bad user name or password: .*as ann from 127\.0\.0\.1 at inside\n/)
  assert.match(text, /connected +as ann \(password\) from 127\.0\.0\.1 at inside, MQTT 5\.0, new session\n/)
  assert.match(
    text,
    /not allowed +to publish closed\/x, QoS 1: denied by \S+acl:3: topic deny closed\/# \(20 times.*\)\n/,
  )
  assert.match(text, /not allowed +to publish other, QoS 1: no rule allows it\n/)
  assert.match(text, /disconnected +by the client, in order, after .*; its last packets: .*PUBLISH DISCONNECT\n/i)
  assert.match(text, /bad-password: .*petaltail passwd FILE ann\n/)
  assert.ok(!text.includes('gue55ed') && !text.includes('secret'))
})

test('the command line that is advised explains the refusal', async () => {
  await using site = await openSite()
  const client = await site.join(ann)
  client.send(v5.publish({ topic: 'closed/x', qos: 1, id: 1 }))
  await client.expect('puback', { code: notAuthorized })
  const text = await whyUntil(site, /rule-denies/, 'pump-7')
  const advised = /^ +petaltail (explain .*)$/m.exec(text)?.[1] ?? assert.fail(text)
  const explained = await run(advised.split(' '))
  assert.equal(explained.code, 1, explained.stderr)
  assert.match(explained.text, /^denied: .*\n(.*\n)* +why +denied by \S+acl:3/)
})

test('what is denied to a client of MQTT 3, and messages that a queue had no room for, are told', async () => {
  await using site = await openSite()
  const away = await site.join({ clientId: 'away', username: 'bob', password: 'secret', clean: false }, { packets: v4 })
  await away.subscribe({ filter: 'open/#', qos: 1 })
  await away.disconnect()
  const client = await site.join(ann)
  for (let id = 1; id <= 6; id++) client.send(v5.publish({ topic: 'open/x', qos: 1, id }))
  for (let id = 1; id <= 6; id++) await client.expect('puback', { id })
  const old = await site.join({ ...ann, clientId: 'old' }, { packets: v4 })
  old.send(v4.publish({ topic: 'closed/x' }))
  await old.expectClosed()
  const lost = await whyUntil(site, /dropped/, 'away')
  assert.match(lost, /dropped +queue full: a message of open\/x, QoS 1 \(4 times/)
  assert.match(lost, /queue-full: .*queue\.messages/)
  const refused = await whyUntil(site, /disconnected/, 'old')
  assert.match(refused, /not allowed +to publish closed\/x/)
  assert.match(refused, /disconnected +by the broker, not authorized/)
  const all = await whyUntil(site, /away/)
  assert.match(all, /^ *4 {2}away {2}dropped: queue full/m)
})

test('a broker that is killed forgets no more than its last second, and goes on where it was', async () => {
  await using site = await openSite()
  await site.join(ann)
  await whyUntil(site, / connected /, 'pump-7')
  process.kill(site.pid, 'SIGKILL')
  await site.start()
  const again = await site.join(ann)
  await again.disconnect()
  const text = await whyUntil(site, /disconnected/, 'pump-7')
  assert.match(text, / connected .*\n.* journal +the broker was started\n.* connected .*\n.* disconnected /)
  assert.equal(await site.stop(), 0)
  assert.equal((await why(site, 'pump-7')).text, text)
  const { mode } = await stat(site.at('data/journal/clients-00000001.jsonl'))
  if (process.platform !== 'win32') assert.equal(mode & 0o777, 0o600)
})

test('a client the journal does not know is said to be unknown, with those that are near', async () => {
  await using site = await openSite()
  await site.join(ann)
  await whyUntil(site, / connected /, 'pump-7')
  const { code, stderr } = await why(site, 'pmup-7')
  assert.equal(code, 1)
  assert.match(stderr, /nothing of a client pmup-7, but of pump-7\n/)
})

test('a client that leaves as the broker ends is the last thing that is written', async () => {
  await using site = await openSite()
  await site.join(ann)
  assert.equal(await site.stop(), 0)
  assert.match((await why(site, 'pump-7')).text, /disconnected +by the broker, server shutting down/)
})
