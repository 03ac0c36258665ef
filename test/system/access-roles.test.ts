import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { v5 } from '../kit/packets.ts'
import { called, type Dialect, dialects, openSite, sent, tokenOf } from './access-kit.ts'
import { notAuthorized, type Site } from './identity-kit.ts'

// Clients whose roles change: by authenticating again, and by coming back as the same client with others.
const method = 'OAUTH2-JWT'
const lasting = { clean: false, properties: { sessionExpiryInterval: 600 } }
const withRoles: readonly Dialect[] = dialects.filter(({ name }) => name === 'role patterns' || name === 'rules')
const texts: Readonly<Record<string, string>> = {
  'role patterns':
    'acl:\n  - {name: reader, authorize_subscribe: [data/#]}\n  - {name: writer, authorize_publish: [data/#]}\n',
  rules:
    'rules:\n  - {allow: subscribe, role: reader, topic: data/#}\n  - {allow: publish, role: writer, topic: data/#}\n',
}

for (const dialect of withRoles) {
  describe(`${dialect.name}, by role`, () => {
    let site: Site
    before(async () => {
      site = await openSite(dialect, texts[dialect.name] ?? assert.fail())
    })
    after(() => site[Symbol.asyncDispose]())

    test('a role that is lost by authenticating again ends the subscriptions it gave, and publishing', async () => {
      const writer = await site.join(called('w', { roles: ['writer'] }))
      const dan = await site.client({ clientId: 'dan', properties: proof(['reader', 'writer']) })
      await dan.expect('connack', { code: 0 })
      await dan.subscribe('data/#')
      writer.send(v5.publish({ topic: 'data/1' }))
      await dan.expect('publish', { topic: 'data/1' })
      dan.send(v5.auth({ reason: 0x19, properties: proof(['reader']) }))
      await dan.expect('auth', { code: 0 })
      dan.send(v5.publish({ topic: 'data/1', qos: 1 }))
      await dan.expect('puback', { code: notAuthorized })
      dan.send(v5.auth({ reason: 0x19, properties: proof(['writer']) }))
      await dan.expect('auth', { code: 0 })
      await dan.expectDisconnect(notAuthorized)
      await writer.disconnect()
    })

    test('a will is not published when its client lost the role for it by authenticating again', async () => {
      const watch = await site.join(called('watch', { roles: ['reader'] }))
      await watch.subscribe('data/#')
      const will = { topic: 'data/will', payload: 'will' }
      const dan = await site.client({ clientId: 'dan', will, properties: proof(['writer']) })
      await dan.expect('connack', { code: 0 })
      dan.send(v5.auth({ reason: 0x19, properties: proof(['reader']) }))
      await dan.expect('auth', { code: 0 })
      await dan.end()
      await site.logged(({ msg, topic }) => msg === 'will denied' && topic === 'data/will')
      await watch.expectNoMore()
      await watch.disconnect()
    })

    test('a session taken over with other roles has what those give, from the first message on', async () => {
      const writer = await site.join(called('w', { roles: ['writer'] }))
      const fields = { ...lasting, clientId: 'eve' }
      const eve = await site.join({ ...called('eve', { roles: ['reader'] }), ...fields })
      await eve.subscribe({ filter: 'data/#', qos: 1 })
      const flow = setInterval(() => writer.send(v5.publish({ topic: 'data/flow', payload: 'x' })), 1)
      try {
        await eve.expect('publish')
        const again = await site.client({ ...called('eve', { roles: [] }), ...fields })
        await again.expect('connack', { code: 0, sessionPresent: true })
        // Not one message comes before the end.
        await again.expectDisconnect(notAuthorized)
      } finally {
        clearInterval(flow)
      }
      const third = await site.client({ ...called('eve', { roles: ['reader'] }), ...fields })
      await third.expect('connack', { code: 0, sessionPresent: true })
      writer.send(v5.publish({ topic: 'data/last' }))
      await third.expectNoMore()
      await third.disconnect({ properties: { sessionExpiryInterval: 0 } })
      await writer.disconnect()
    })

    test('a session taken over with the same roles goes on', async () => {
      const writer = await site.join(called('w', { roles: ['writer'] }))
      const fields = { ...lasting, clientId: 'fay' }
      const fay = await site.join({ ...called('fay', { roles: ['reader'] }), ...fields })
      await fay.subscribe({ filter: 'data/#', qos: 1 })
      await fay.end()
      const again = await site.client({ ...called('fay', { roles: ['reader'] }), ...fields })
      await again.expect('connack', { code: 0, sessionPresent: true })
      await sent(writer, 'data/1', 1)
      await again.expect('publish', { topic: 'data/1' })
      await writer.disconnect()
    })
  })
}

test('a client that loses the role that let it connect is cut off when it authenticates again', async () => {
  const native = dialects.find(({ name }) => name === 'rules') ?? assert.fail()
  await using site = await openSite(native, 'rules:\n  - {allow: connect, role: reader}\n')
  const dan = await site.client({ clientId: 'dan', properties: proof(['reader']) })
  await dan.expect('connack', { code: 0 })
  dan.send(v5.auth({ reason: 0x19, properties: proof(['writer']) }))
  await dan.expect('auth', { code: 0 })
  await dan.expectDisconnect(notAuthorized)
})

function proof(roles: readonly string[]) {
  return { authenticationMethod: method, authenticationData: Buffer.from(tokenOf('dan', { roles })) }
}
