import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { v4, v5 } from '../kit/packets.ts'
import type { WireClient } from '../kit/wire-client.ts'
import { called, change, type Dialect, dialects, tokenSection } from './access-kit.ts'
import { notAuthorized, Site } from './identity-kit.ts'

// Several sources in one broker, in their order, and what only rules of our own form can say.
const [mosquitto, , native] = dialects
const rules = `rules:
  - {deny: connect, user: mallory}
  - {deny: retain, topic: 'plant/#', unless: {role: keeper}}
  - {deny: publish, topic: 'plant/#', qos: 0, user: pump}
  - {allow: publish, topic: 'plant/{user}/+'}
  - {deny: receive, topic: 'plant/+/secret', unless: {role: keeper}}
  - {allow: subscribe, topic: 'plant/#'}
`
const acl = `topic read plant/#
user eye
topic read $SYS/#
user pump
topic readwrite other/#
topic read $SYS/broker/version
topic write $SYS/#
`

let site: Site

before(async () => {
  site = await Site.open({
    config: (at, write) => {
      write(of(native).file, rules)
      write(of(mosquitto).file, acl)
      return {
        listeners: [{ url: 'mqtt://127.0.0.1:0' }, { url: 'mqtt://127.0.0.1:0', allow_anonymous: true }],
        authenticators: [tokenSection(write)],
        access: {
          subscriptions: 'overlapping',
          sources: [
            of(native).section(at(of(native).file)),
            { permissions: {} },
            of(mosquitto).section(at(of(mosquitto).file)),
          ],
        },
      }
    },
  })
})

after(() => site[Symbol.asyncDispose]())

function of(dialect: Dialect | undefined): Dialect {
  return dialect ?? assert.fail()
}

async function answered(client: WireClient, fields: Parameters<typeof v5.publish>[0]): Promise<number> {
  client.send(v5.publish({ qos: 1, ...fields }))
  const { code } = await client.expect('puback')
  return code
}

test('a message may be allowed and its being kept denied, also for a will', async () => {
  const pump = await site.join(called('pump'))
  assert.equal(await answered(pump, { topic: 'plant/pump/x' }), 0x10)
  assert.equal(await answered(pump, { topic: 'plant/pump/x', retain: true }), notAuthorized)
  const will = (retain: boolean) => ({ will: { topic: 'plant/pump/will', qos: 1, retain } })
  assert.equal((await site.knock({ ...called('pump'), clientId: 'w', ...will(true) })).code, notAuthorized)
  assert.equal((await site.knock({ ...called('pump'), clientId: 'w', ...will(false) })).code, 0)
  const keeper = await site.join(called('keeper', { roles: ['keeper'] }))
  assert.equal(await answered(keeper, { topic: 'plant/keeper/x', retain: true }), 0x10)
  assert.equal(await answered(keeper, { topic: 'plant/keeper/x', retain: true, payload: '' }), 0x10)
  await keeper.disconnect()
  await pump.disconnect()
})

test('$SYS is read by those a rule names, and written by nobody, whatever rules say', async () => {
  const eye = await site.join(called('eye'))
  eye.send(v5.subscribe({ filters: ['$SYS/broker/version', '$share/g/$SYS/#'] }))
  await eye.expect('suback', { codes: [0, 0] })
  await eye.expect('publish', { topic: '$SYS/broker/version', retain: true })
  const pump = await site.join(called('pump'))
  pump.send(
    v5.subscribe({ filters: ['$SYS/broker/version', '$SYS/broker/uptime', '+/broker/version', '$share/g/$SYS/#'] }),
  )
  await pump.expect('suback', { codes: [0, notAuthorized, 0, 0] })
  await pump.expect('publish', { topic: '$SYS/broker/version', retain: true })
  await pump.expectNoMore()
  for (const topic of ['$SYS/broker/version', '$SYS/mine', '$SYS'])
    assert.equal(await answered(pump, { topic }), notAuthorized)
  await eye.disconnect()
  await pump.disconnect()
})

test('what may be subscribed to may still hold what may not be received', async () => {
  const reader = await site.join(called('reader'))
  const keeper = await site.join(called('keeper', { roles: ['keeper'] }))
  await reader.subscribe('plant/#')
  await keeper.subscribe('plant/#')
  const pump = await site.join(called('pump'))
  for (const topic of ['plant/pump/secret', 'plant/pump/open']) assert.equal(await answered(pump, { topic }), 0)
  await reader.expect('publish', { topic: 'plant/pump/open' })
  await reader.expectNoMore()
  await keeper.expect('publish', { topic: 'plant/pump/secret' })
  for (const client of [reader, keeper, pump]) await client.disconnect()
})

test('filters that came with the token count, in their place among the sources, and cannot widen what rules deny', async () => {
  const claims = { publish: ['mine/#', 'plant/other/x', '$SYS/#'], subscribe: ['theirs/+'] }
  const guest = await site.join(called('guest', claims))
  assert.equal(await answered(guest, { topic: 'mine/1' }), 0x10)
  assert.equal(await answered(guest, { topic: 'plant/other/x' }), 0x10)
  assert.equal(await answered(guest, { topic: 'plant/other/x', retain: true }), notAuthorized)
  assert.equal(await answered(guest, { topic: 'theirs/1' }), notAuthorized)
  assert.equal(await answered(guest, { topic: '$SYS/x' }), notAuthorized)
  guest.send(v5.subscribe({ filters: ['theirs/1', 'theirs/+', 'mine/1', 'theirs/+/x'] }))
  await guest.expect('suback', { codes: [0, 0, notAuthorized, notAuthorized] })
  await guest.disconnect()
})

test('who may not connect is told so, and who may not any more is cut off, in each version', async () => {
  for (const packets of [v4, v5]) {
    const { code } = await site.knock(called('mallory'), { packets })
    assert.equal(code, packets === v4 ? 5 : notAuthorized)
  }
  const five = await site.join({ ...called('pump'), clientId: 'five' })
  const four = await site.join({ ...called('pump'), clientId: 'four' }, { packets: v4 })
  const other = await site.join(called('reader'))
  await change(site, of(native), rules.replace('mallory', 'pump'))
  const { properties } = await five.expectDisconnect(notAuthorized)
  assert.match(properties.reasonString ?? '', /rules\.yaml:2/)
  await four.expectClosed()
  await other.expectNoMore()
  await change(site, of(native), rules)
  await other.disconnect()
})

test('clients without a name have what rules give to all, and not what is for names', async () => {
  const nobody = await site.join({ clientId: 'pump' }, { listener: 1 })
  nobody.send(v5.subscribe({ filters: ['plant/#', 'other/#', '$SYS/#'] }))
  await nobody.expect('suback', { codes: [0, notAuthorized, notAuthorized] })
  for (const topic of ['plant/pump/x', 'plant//x', 'other/x'])
    assert.equal(await answered(nobody, { topic }), notAuthorized, topic)
  await nobody.disconnect()
})
