import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v5 } from '../kit/packets.ts'
import { json, status, WebServer } from '../kit/web-server.ts'
import { called, tokenSection, until } from './access-kit.ts'
import { notAuthorized, Site } from './identity-kit.ts'

/** No matching subscribers [MQTT 3.4.2.1]. */
const accepted = 0x10

const allow = json({ decision: 'allow', ttl: 0 })

/** A broker with rules of its own about `open/#`, which asks a service about the rest. */
async function siteAsking(server: WebServer, http: object = {}): Promise<Site> {
  const url = await server.url()
  return await Site.open({
    config: (at, write) => {
      write('open.acl', ['ann', 'bob'].map((user) => `user ${user}\ntopic readwrite open/#\n`).join(''))
      return {
        listeners: [{ url: 'mqtt://127.0.0.1:0' }],
        authenticators: [tokenSection(write)],
        access: { sources: [{ mosquitto_acl: { file: at('open.acl') } }, { name: 'service', http: { url, ...http } }] },
      }
    },
  })
}

test('what the service says holds as long as it says, and no message longer', async () => {
  await using server = new WebServer(json({ decision: 'allow' }))
  await using site = await siteAsking(server)
  const ann = await site.join(called('ann'))
  for (let id = 1; id <= 5; id++) {
    ann.send(v5.publish({ topic: 'kept', qos: 1, id }))
    await ann.expect('puback', { id, code: accepted })
  }
  assert.equal(server.seen.length, 1)
  server.reply = allow
  for (let id = 1; id <= 5; id++) {
    ann.send(v5.publish({ topic: 'asked', qos: 1, id }))
    await ann.expect('puback', { id, code: accepted })
  }
  assert.equal(server.seen.length, 6)
  server.reply = json({ decision: 'deny', reason: 'not yours' })
  ann.send(v5.publish({ topic: 'asked', qos: 1, id: 6 }))
  const { properties } = await ann.expect('puback', { id: 6, code: notAuthorized })
  assert.match(String(properties.reasonString), /^denied by service: .*: service denies it: not yours$/)
  await ann.disconnect()
})

test('of a subscription the service allowed, everything is delivered and nothing asked', async () => {
  await using server = new WebServer(allow)
  await using site = await siteAsking(server, { actions: ['subscribe'] })
  const bob = await site.join(called('bob'))
  await bob.subscribe('#')
  assert.equal(server.seen.length, 1)
  const ann = await site.join(called('ann'))
  for (const payload of ['1', '2']) ann.send(v5.publish({ topic: `open/${payload}`, payload }))
  for (const payload of ['1', '2']) await bob.expect('publish', { topic: `open/${payload}`, payload })
  assert.equal(server.seen.length, 1)
  server.reply = json({ decision: 'deny' })
  await assert.rejects(bob.subscribe('more/#'))
  await ann.disconnect()
})

test('a client waits for the service alone, and its packets are answered in their order', async () => {
  const held: (() => void)[] = []
  await using server = new WebServer((seen, response) => void held.push(() => allow(seen, response)))
  await using site = await siteAsking(server)
  const ann = await site.join(called('ann'))
  ann.send(
    v5.publish({ topic: 'asked', qos: 1, id: 1 }),
    v5.publish({ topic: 'open/a', qos: 1, id: 2 }),
    v5.publish({ topic: 'asked', qos: 2, id: 3 }),
  )
  await server.asked(1)
  const bob = await site.join(called('bob'))
  bob.send(v5.publish({ topic: 'open/b', qos: 1, id: 1 }))
  await bob.expect('puback', { id: 1, code: accepted })
  held.shift()?.()
  await ann.expect('puback', { id: 1, code: accepted })
  await ann.expect('puback', { id: 2, code: accepted })
  await server.asked(2)
  held.shift()?.()
  await ann.expect('pubrec', { id: 3, code: accepted })
  await ann.disconnect()
  await bob.disconnect()
})

test('while the service is away nobody may do what it would decide, and what rules say goes on', async () => {
  await using server = new WebServer(status(503))
  await using site = await siteAsking(server, { breaker: { failures: 1, pause: '100ms', maximum_pause: '100ms' } })
  const ann = await site.join(called('ann'))
  ann.send(v5.publish({ topic: 'asked', qos: 1, id: 1 }))
  await ann.expect('puback', { id: 1, code: notAuthorized })
  ann.send(v5.publish({ topic: 'open/a', qos: 1, id: 2 }))
  await ann.expect('puback', { id: 2, code: accepted })
  const refused = await site.knock({ ...called('cid'), will: { topic: 'asked' } })
  assert.equal(refused.code, notAuthorized)
  await site.logged(({ msg }) => msg === 'the access service does not work, what it would be asked about is denied')
  server.reply = allow
  let id = 2
  await until(async () => {
    ann.send(v5.publish({ topic: 'asked', qos: 1, id: ++id }))
    const { code } = await ann.expect('puback', { id })
    return code === accepted
  }, 'the service is asked again')
  await ann.disconnect()
})
