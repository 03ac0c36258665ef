import { after, before, describe, test } from 'node:test'
import { v4, v5 } from '../kit/packets.ts'
import { called, change, crash, dialects, type Grant, openSite, sent } from './access-kit.ts'
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

    const restarted = dialect.name === 'Mosquitto ACL' || dialect.name === 'rules'
    for (const meanwhile of restarted ? (['runs', 'is down', 'crashes'] as const) : (['runs'] as const)) {
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
        // A subscription that ended while nobody could say so: the client is told when it is there.
        if (meanwhile !== 'runs') await again.expectDisconnect(notAuthorized)
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
