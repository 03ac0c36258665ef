import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { v3, v4, v5 } from '../kit/packets.ts'
import { called, change, dialects, type Grant, openSite } from './access-kit.ts'
import { notAuthorized, type Site } from './identity-kit.ts'

// The same rules written in every way there is, and everything a client can do through a socket.
const usual: readonly Grant[] = [
  { user: 'ann', access: 'readwrite', filter: 'open/#' },
  { user: 'ann', access: 'write', filter: 'orders/+/new' },
  { user: 'bob', access: 'read', filter: 'open/#' },
  { user: 'bob', access: 'read', filter: 'orders/#' },
]

for (const dialect of dialects) {
  describe(dialect.name, () => {
    let site: Site
    before(async () => {
      site = await openSite(dialect, dialect.text(usual))
    })
    after(() => site[Symbol.asyncDispose]())

    test('what may be published arrives, and what may not is refused with the reason, whatever its QoS', async () => {
      const bob = await site.join(called('bob'))
      await bob.subscribe('open/#', 'orders/#')
      const ann = await site.join(called('ann'))
      for (const qos of [0, 1, 2]) ann.send(v5.publish({ topic: 'orders/1/old', qos, id: qos, payload: 'no' }))
      const { properties } = await ann.expect('puback', { id: 1, code: notAuthorized })
      assert.equal(properties.reasonString, 'no rule allows it')
      await ann.expect('pubrec', { id: 2, code: notAuthorized })
      ann.send(v5.publish({ topic: 'orders/1/new', qos: 2, id: 2, payload: 'yes' }))
      await ann.expect('pubrec', { id: 2, code: 0 })
      ann.send(v5.pubrel(2))
      await ann.expect('pubcomp', { id: 2 })
      await bob.expect('publish', { topic: 'orders/1/new', payload: 'yes' })
      await bob.expectNoMore()
      await ann.disconnect()
      await bob.disconnect()
    })

    test('a topic alias does not hide a topic', async () => {
      const bob = await site.join(called('bob'))
      await bob.subscribe('orders/#')
      const ann = await site.join(called('ann'))
      const alias = (topic: string, payload: string) =>
        v5.publish({ topic, qos: 1, payload, properties: { topicAlias: 1 } })
      ann.send(alias('orders/1/old', 'denied'))
      await ann.expect('puback', { code: notAuthorized })
      ann.send(alias('', 'denied still'))
      await ann.expect('puback', { code: notAuthorized })
      ann.send(alias('orders/1/new', 'allowed'), alias('', 'again'), alias('orders/1/old', 'no'), alias('', 'no'))
      for (const code of [0, 0, notAuthorized, notAuthorized]) await ann.expect('puback', { code })
      for (const payload of ['allowed', 'again']) await bob.expect('publish', { topic: 'orders/1/new', payload })
      await bob.expectNoMore()
      await ann.disconnect()
      await bob.disconnect()
    })

    test('an MQTT 3 client that publishes what it may not is cut off, and one with a will it may not have is not let in', async () => {
      for (const packets of [v3, v4]) {
        const ann = await site.join(called('ann'), { packets })
        ann.send(packets.publish({ topic: 'orders/1/old', qos: 1 }))
        await ann.expectClosed()
        const refused = await site.knock({ ...called('ann'), will: { topic: 'secret' } }, { packets })
        assert.equal(refused.code, 5)
      }
    })

    test('a will that may not be published is refused at CONNECT, retained or not', async () => {
      for (const retain of [false, true]) {
        const refused = await site.knock({ ...called('ann'), will: { topic: 'orders/1/old', retain } })
        assert.deepEqual(refused, {
          code: notAuthorized,
          reason: 'not authorized: the will to orders/1/old: no rule allows it',
        })
      }
      const fine = await site.join({ ...called('ann'), will: { topic: 'open/will' } })
      await fine.disconnect()
    })

    test('a filter is granted when all it matches may be received, and each filter of a packet has its own answer', async () => {
      const bob = await site.join(called('bob'))
      const filters = ['open/#', 'open', 'open/+/x', 'orders/1/new', '$share/g/orders/#', 'open/$SYS/+']
      bob.send(v5.subscribe({ filters }))
      await bob.expect('suback', { codes: filters.map(() => 0) })
      const refused = ['#', '+/#', '+', 'ope', 'openly/#', '/open/#', '+/1/new', '$share/g/#', '$SYS/#', '', 'open//#']
      const codes = refused.map((filter) => (filter === '' ? 0x8f : filter === 'open//#' ? 0 : notAuthorized))
      bob.send(v5.subscribe({ filters: refused }))
      await bob.expect('suback', { codes })
      await bob.disconnect()
    })

    test('topics that begin with $ are nobody’s unless a rule names them, and $SYS is never written', async () => {
      const bob = await site.join(called('bob'))
      const filters = [
        '$SYS/#',
        '$share/g/$SYS/#',
        '$SYS/broker/uptime',
        '$other/#',
        '$share/g/$other/x',
        '$share/g/+/x',
      ]
      bob.send(v5.subscribe({ filters }))
      await bob.expect('suback', { codes: filters.map(() => notAuthorized) })
      const ann = await site.join(called('ann'))
      for (const topic of ['$SYS/broker/uptime', '$SYS', '$other/x', '$share/g/open/x', '$share', '$'])
        await refusedTopic(ann, topic)
      await ann.disconnect()
      await bob.disconnect()
    })

    test('retained messages are replayed to those who may read them', async () => {
      const ann = await site.join(called('ann'))
      ann.send(v5.publish({ topic: 'open/kept', retain: true, payload: '1', qos: 1 }))
      await ann.expect('puback', { id: 1 })
      ann.send(v5.publish({ topic: 'orders/2/new', retain: true, payload: '2', qos: 1 }))
      await ann.expect('puback', { id: 1 })
      ann.send(v5.subscribe({ filters: ['orders/2/new', 'open/+'] }))
      await ann.expect('suback', { codes: [notAuthorized, 0] })
      await ann.expect('publish', { topic: 'open/kept', payload: '1', retain: true })
      for (const topic of ['open/kept', 'orders/2/new']) ann.send(v5.publish({ topic, retain: true }))
      await ann.expect('publish', { topic: 'open/kept', payload: '' })
      await ann.expectNoMore()
      await ann.disconnect()
    })

    test('a change of the rules ends what is not allowed any more, and nothing else', async () => {
      const bob = await site.join(called('bob'))
      const old = await site.join({ ...called('bob'), clientId: 'bob 4' }, { packets: v4 })
      const other = await site.join({ ...called('bob'), clientId: 'bob 2' })
      await bob.subscribe('orders/#')
      await old.subscribe('orders/#')
      await other.subscribe('open/#')
      const ann = await site.join(called('ann'))
      await change(
        site,
        dialect,
        dialect.text(usual.filter(({ user, filter }) => user === 'ann' || filter === 'open/#')),
      )
      const { properties } = await bob.expectDisconnect(notAuthorized)
      assert.equal(properties.reasonString, 'not authorized: the subscription to orders/#: no rule allows all of it')
      await old.expectClosed()
      ann.send(v5.publish({ topic: 'open/1', payload: 'still' }))
      await other.expect('publish', { topic: 'open/1' })
      await change(site, dialect, dialect.text([]))
      ann.send(v5.publish({ topic: 'open/1', qos: 1 }))
      await ann.expect('puback', { code: notAuthorized })
      await other.expectDisconnect(notAuthorized)
      await change(site, dialect, dialect.text(usual))
      ann.send(v5.publish({ topic: 'open/1', qos: 1 }))
      await ann.expect('puback', { code: 0x10 })
      await ann.disconnect()
    })

    test('a file with a mistake changes nothing, and the log says where the mistake is', async () => {
      const bob = await site.join(called('bob'))
      await bob.subscribe('orders/#')
      const ann = await site.join(called('ann'))
      const from = site.log.length
      site.write(dialect.file, dialect.broken)
      site.reload()
      const { problem } = await site.logged(({ level }) => level >= 50, from)
      assert.ok(String(problem).includes(dialect.place), String(problem))
      ann.send(v5.publish({ topic: 'orders/1/new', payload: 'still' }), v5.publish({ topic: 'orders/1/old', qos: 1 }))
      await ann.expect('puback', { code: notAuthorized })
      await bob.expect('publish', { payload: 'still' })
      await bob.expectNoMore()
      await change(site, dialect, `${dialect.text(usual)}\n`)
      await bob.expectNoMore()
      await ann.disconnect()
      await bob.disconnect()
    })

    test('a file that changes takes effect without anybody saying so', async () => {
      const bob = await site.join(called('bob'))
      await bob.subscribe('open/#')
      site.write(dialect.file, dialect.text([]))
      await bob.expectDisconnect(notAuthorized)
      await change(site, dialect, dialect.text(usual))
    })
  })
}

async function refusedTopic(client: Awaited<ReturnType<Site['join']>>, topic: string): Promise<void> {
  client.send(v5.publish({ topic, qos: 1 }))
  await client.expect('puback', { code: notAuthorized })
}
