import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { v4, v5 } from '../kit/packets.ts'
import type { WireClient } from '../kit/wire-client.ts'
import { called, change, crash, type Dialect, dialects, type Grant, openSite, tokenOf } from './access-kit.ts'
import { notAuthorized, type Site } from './identity-kit.ts'

// What waits, while rules and clients change: queued messages, wills, subscriptions, also while the broker is down.
const usual: readonly Grant[] = [
  { user: 'ann', access: 'readwrite', filter: 'open/#' },
  { user: 'ann', access: 'write', filter: 'orders/#' },
  { user: 'bob', access: 'read', filter: 'open/#' },
  { user: 'bob', access: 'read', filter: 'orders/#' },
]
const without = (user: string, filter: string) =>
  usual.filter((grant) => grant.user !== user || grant.filter !== filter)
const lasting = { clean: false, properties: { sessionExpiryInterval: 600 } }

for (const dialect of dialects) {
  describe(dialect.name, () => {
    let site: Site
    before(async () => {
      site = await openSite(dialect, dialect.text(usual), { store: { kind: 'disk', path: 'store' } })
    })
    after(() => site[Symbol.asyncDispose]())

    for (const meanwhile of ['runs', 'is down', 'crashes'] as const) {
      test(`what waited for a client that may not have it any more is not delivered, and the rest is: the broker ${meanwhile}`, async () => {
        const clientId = `bob ${meanwhile}`
        const bob = await site.join({ ...called('bob'), ...lasting, clientId })
        await bob.subscribe({ filter: 'orders/#', qos: 2 }, { filter: 'open/#', qos: 1 })
        await bob.end()
        const ann = await site.join(called('ann'))
        for (const [index, topic] of ['orders/1', 'open/1', 'orders/2', 'open/2'].entries())
          await sent(ann, topic, index === 2 ? 2 : 1)
        const text = dialect.text(without('bob', 'orders/#'))
        if (meanwhile === 'runs') await change(site, dialect, text)
        else {
          if (meanwhile === 'crashes') await crash(site)
          else await site.stop()
          site.write(dialect.file, text)
          await site.start()
        }
        const again = await site.client({ ...called('bob'), ...lasting, clientId })
        await again.expect('connack', { code: 0, sessionPresent: true })
        for (const topic of ['open/1', 'open/2']) {
          const { id } = await again.expect('publish', { topic })
          again.send(v5.puback(id))
        }
        const next = await site.join(called('ann'))
        await sent(next, 'orders/3', 1)
        await sent(next, 'open/3', 1)
        if (meanwhile !== 'runs') await told(again)
        else {
          const { id } = await again.expect('publish', { topic: 'open/3' })
          again.send(v5.puback(id))
          await again.expectNoMore()
          await again.disconnect({ properties: { sessionExpiryInterval: 0 } })
        }
        await next.disconnect()
        await change(site, dialect, dialect.text(usual))
      })

      test(`a will is looked at again when it fires, with what was known of its client: the broker ${meanwhile}`, async () => {
        const watch = await site.join({ ...called('bob'), ...lasting, clientId: 'watch' })
        await watch.subscribe({ filter: 'orders/#', qos: 1 }, { filter: 'open/#', qos: 1 })
        if (meanwhile !== 'runs') await watch.end()
        const will = (topic: string) => ({ topic, payload: topic, qos: 1, properties: { willDelayInterval: 1 } })
        const wills = ['orders/will', 'open/will'].map((topic) => ({ clientId: topic, will: will(topic) }))
        for (const each of wills) {
          const fields = { properties: { sessionExpiryInterval: 600 }, clean: true }
          const client = await site.join({ ...called('ann'), ...each, ...fields })
          if (meanwhile === 'runs') await client.end()
        }
        const text = dialect.text(without('ann', 'orders/#'))
        if (meanwhile === 'runs') await change(site, dialect, text)
        else {
          if (meanwhile === 'crashes') await crash(site)
          else await site.stop()
          site.write(dialect.file, text)
          await site.start()
        }
        const again =
          meanwhile === 'runs' ? watch : await site.join({ ...called('bob'), ...lasting, clientId: 'watch' })
        const { id } = await again.expect('publish', { topic: 'open/will' })
        again.send(v5.puback(id))
        await site.logged(({ msg, topic }) => msg === 'will denied' && topic === 'orders/will')
        await again.expectNoMore()
        await again.disconnect({ properties: { sessionExpiryInterval: 0 } })
        await change(site, dialect, dialect.text(usual))
      })
    }

    test('of a shared subscription only those get a message who may have it', async () => {
      const filter = '$share/g/orders/#'
      const [one, two] = [
        await site.join({ ...called('bob'), clientId: 'one' }),
        await site.join({ ...called('ann'), clientId: 'two' }),
      ]
      await one.subscribe({ filter, qos: 1 })
      two.send(v5.subscribe({ filters: [filter, '$share/g/open/#'] }))
      await two.expect('suback', { codes: [notAuthorized, 0] })
      const ann = await site.join(called('ann'))
      for (let count = 0; count < 4; count++) await sent(ann, 'orders/1', 1)
      for (let count = 0; count < 4; count++) {
        const { id } = await one.expect('publish', { topic: 'orders/1' })
        one.send(v5.puback(id))
      }
      await change(site, dialect, dialect.text(without('bob', 'orders/#')))
      await one.expectDisconnect(notAuthorized)
      ann.send(v5.publish({ topic: 'orders/1', qos: 1 }))
      await ann.expect('puback', { code: 0x10 })
      await two.expectNoMore()
      await change(site, dialect, dialect.text(usual))
      for (const client of [two, ann]) await client.disconnect()
    })

    test('a message the client may not have any more is not sent to it again', async () => {
      const fields = { ...called('bob'), ...lasting, clientId: 'unacknowledged' }
      const bob = await site.join(fields)
      await bob.subscribe({ filter: 'orders/#', qos: 1 }, { filter: 'open/#', qos: 1 })
      const ann = await site.join(called('ann'))
      await sent(ann, 'orders/1', 1)
      await sent(ann, 'open/1', 1)
      await bob.expect('publish', { topic: 'orders/1' })
      await bob.expect('publish', { topic: 'open/1' })
      await bob.end()
      await change(site, dialect, dialect.text(without('bob', 'orders/#')))
      const again = await site.join(fields)
      await again.expect('publish', { topic: 'open/1', dup: true })
      await again.expectNoMore()
      await change(site, dialect, dialect.text(usual))
      await again.disconnect({ properties: { sessionExpiryInterval: 0 } })
      await ann.disconnect()
    })

    test('a client that subscribes again and is refused keeps what it had, unless the rules changed', async () => {
      const bob = await site.join({ ...called('bob'), clientId: 'again' }, { packets: v4 })
      await bob.subscribe({ filter: 'orders/#', qos: 1 })
      bob.send(v4.subscribe({ filters: ['#'] }))
      await bob.expect('suback', { codes: [0x80] })
      bob.send(v4.subscribe({ filters: [{ filter: 'orders/#', qos: 0 }] }))
      await bob.expect('suback', { codes: [0] })
      const ann = await site.join(called('ann'))
      await sent(ann, 'orders/1', 1)
      await bob.expect('publish', { topic: 'orders/1', qos: 0 })
      await bob.expectNoMore()
      await bob.disconnect()
      await ann.disconnect()
    })
  })
}

const withRoles: readonly Dialect[] = dialects.filter(({ name }) => name === 'role patterns' || name === 'rules')
const texts: Readonly<Record<string, string>> = {
  'role patterns':
    'acl:\n  - {name: reader, authorize_subscribe: [data/#]}\n  - {name: writer, authorize_publish: [data/#]}\n',
  rules:
    'rules:\n  - {allow: subscribe, role: reader, topic: data/#}\n  - {allow: publish, role: writer, topic: data/#}\n',
}

const connecting: Readonly<Record<string, { readonly text: string; readonly without: string }>> = {
  rules: { text: 'rules:\n  - {allow: connect, role: reader}\n', without: 'writer' },
}

for (const dialect of withRoles) {
  describe(`${dialect.name}, by role`, () => {
    const method = 'OAUTH2-JWT'
    let site: Site
    before(async () => {
      site = await openSite(dialect, texts[dialect.name] ?? assert.fail())
    })
    after(() => site[Symbol.asyncDispose]())

    const proof = (roles: readonly string[]) => ({
      authenticationMethod: method,
      authenticationData: Buffer.from(tokenOf('dan', { roles })),
    })

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

    test('a client that loses the role that let it connect is cut off when it authenticates again', async () => {
      const { text, without } = connecting[dialect.name] ?? {}
      if (text === undefined || without === undefined) return
      await change(site, dialect, text)
      const dan = await site.client({ clientId: 'dan', properties: proof(['reader']) })
      await dan.expect('connack', { code: 0 })
      dan.send(v5.auth({ reason: 0x19, properties: proof([without]) }))
      await dan.expect('auth', { code: 0 })
      await dan.expectDisconnect(notAuthorized)
      await change(site, dialect, texts[dialect.name] ?? '')
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

/** A subscription ended while nobody could tell the client: it is told when it can be. */
async function told(client: WireClient): Promise<void> {
  await client.expectDisconnect(notAuthorized)
}

/** A message the broker has taken over. */
async function sent(client: WireClient, topic: string, qos: 1 | 2): Promise<void> {
  client.send(v5.publish({ topic, qos, id: 1 }))
  if (qos === 1) {
    await client.expect('puback', { id: 1 })
    return
  }
  await client.expect('pubrec', { id: 1 })
  client.send(v5.pubrel(1))
  await client.expect('pubcomp', { id: 1 })
}
