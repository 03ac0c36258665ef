import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { v3, v4, v5 } from '../kit/packets.ts'
import { called, change, type Dialect, dialects, openSite } from './access-kit.ts'
import { run } from './cli-kit.ts'
import { notAuthorized } from './identity-kit.ts'

// What clients and operators are told of a refusal.
const denying: Readonly<Record<string, string>> = {
  'Mosquitto ACL': 'user ann\ntopic readwrite #\ntopic deny secret/#\n',
  'ordered rules':
    'rules:\n - {access: Deny, client: All, topic: {specific: "secret/#"}}\n - {access: ReadWrite, client: All, topic: All}\n',
  rules: 'rules:\n  - {deny: [publish, subscribe], topic: "secret/#"}\n  - {allow: [publish, subscribe], topic: "#"}\n',
}
const place: Readonly<Record<string, string>> = {
  'Mosquitto ACL': 'rules.acl:3',
  'ordered rules': 'ordered.yaml:2',
  rules: 'rules.yaml:2',
}
const chosen = dialects.filter(({ name }) => name in denying)
const text = ({ name }: Dialect) => denying[name] ?? assert.fail()

for (const dialect of chosen) {
  describe(dialect.name, () => {
    test('a client of this machine is told the rule and where it stands; with tell_rules never, nothing', async () => {
      for (const tell_rules of ['local', 'always', 'never']) {
        await using site = await openSite(dialect, text(dialect), {}, { tell_rules })
        const ann = await site.join(called('ann'))
        const told = ({ properties }: { properties: { reasonString?: string } }) => properties.reasonString
        const said: (string | undefined)[] = []
        ann.send(v5.publish({ topic: 'secret/x', qos: 1 }))
        said.push(told(await ann.expect('puback', { code: notAuthorized })))
        ann.send(v5.publish({ topic: 'secret/x', qos: 2, id: 2 }))
        said.push(told(await ann.expect('pubrec', { code: notAuthorized })))
        ann.send(v5.subscribe({ filters: ['secret/x', '#'] }))
        said.push(told(await ann.expect('suback', { codes: [notAuthorized, notAuthorized] })))
        said.push((await site.knock({ ...called('ann'), clientId: 'other', will: { topic: 'secret/x' } })).reason)
        await change(site, dialect, `${text(dialect).replaceAll('secret/#', 'other/#')}\n`)
        await ann.subscribe('secret/x')
        await change(site, dialect, text(dialect))
        said.push(told(await ann.expectDisconnect(notAuthorized)))
        if (tell_rules === 'never')
          assert.deepEqual(said, [undefined, undefined, undefined, 'not authorized', 'not authorized'])
        else for (const words of said) assert.match(words ?? '', new RegExp(`denied by \\S*${place[dialect.name]}: `))
      }
    })

    test('a client that wants no reasons is told none', async () => {
      await using site = await openSite(dialect, text(dialect))
      const ann = await site.join({ ...called('ann'), properties: { requestProblemInformation: 0 } })
      ann.send(v5.publish({ topic: 'secret/x', qos: 1 }))
      const { properties } = await ann.expect('puback', { code: notAuthorized })
      assert.equal(properties.reasonString, undefined)
      ann.send(v5.subscribe({ filters: ['secret/x'] }))
      assert.equal((await ann.expect('suback', { codes: [notAuthorized] })).properties.reasonString, undefined)
    })

    test('MQTT 3 clients go on, and MQTT 5 clients do not, where the options say so', async () => {
      const options = { denied_mqtt3: 'ignore', denied_mqtt5: 'disconnect' }
      await using site = await openSite(dialect, text(dialect), {}, options)
      const watch = await site.join({ ...called('ann'), clientId: 'watch' })
      await watch.subscribe('open/#')
      for (const packets of [v3, v4]) {
        const ann = await site.join(called('ann'), { packets })
        for (const qos of [0, 1]) ann.send(packets.publish({ topic: 'secret/x', qos, retain: true }))
        await ann.expect('puback')
        for (const topic of ['secret/x', 'open/x']) {
          ann.send(packets.publish({ topic, qos: 2, id: 2 }))
          await ann.expect('pubrec')
          ann.send(packets.pubrel(2))
          await ann.expect('pubcomp')
        }
        await watch.expect('publish', { topic: 'open/x' })
        await ann.disconnect()
      }
      await watch.expectNoMore()
      const five = await site.join(called('ann'))
      five.send(v5.publish({ topic: 'secret/x' }))
      await five.expectDisconnect(notAuthorized)
    })

    test('why tells of what was refused, with QoS 0, too, and of what a change of the rules ended', async () => {
      await using site = await openSite(dialect, text(dialect), { store: { kind: 'disk', path: 'store' } })
      const ann = await site.join(called('ann'))
      for (let count = 0; count < 5; count++) ann.send(v5.publish({ topic: 'secret/zero', payload: 'x' }))
      ann.send(v5.subscribe({ filters: ['secret/filter'] }))
      await ann.expect('suback')
      await site.knock({ ...called('ann'), clientId: 'refused', will: { topic: 'secret/will' } })
      await change(site, dialect, `${text(dialect).replaceAll('secret/#', 'other/#')}\n`)
      await ann.subscribe('secret/ended')
      await change(site, dialect, text(dialect))
      await ann.expectDisconnect(notAuthorized)
      await site.stop()
      const why = async (client: string) => await run(['why', client, '--store', site.at('store')])
      const { text: about, code } = await why('ann')
      assert.equal(code, 0, about)
      for (const word of ['secret/zero', 'secret/filter', 'secret/ended', place[dialect.name] ?? ''])
        assert.ok(about.includes(word), `${word} is missing:\n${about}`)
      const { text: refused } = await why('refused')
      assert.match(refused, /secret\/will/)
    })
  })
}

test('modes of subscription: contained, overlapping and any', async () => {
  const expected = {
    contained: [0, notAuthorized, notAuthorized, notAuthorized],
    overlapping: [0, 0, 0, notAuthorized],
    any: [0, 0, 0, 0],
  }
  for (const dialect of chosen) {
    for (const [subscriptions, codes] of Object.entries(expected)) {
      await using site = await openSite(dialect, only(dialect), {}, { subscriptions })
      const ann = await site.join(called('ann'))
      ann.send(v5.subscribe({ filters: ['a/1', 'a/+', '#', 'b/#'] }))
      await ann.expect('suback', { codes })
      const bob = await site.join(called('bob'))
      for (const topic of ['b/1', 'a/2', 'c', '$x/y']) bob.send(v5.publish({ topic, qos: 1, retain: true }))
      for (const _ of [1, 2, 3]) await bob.expect('puback')
      await bob.expect('puback', { code: notAuthorized })
      bob.send(v5.publish({ topic: 'a/1', qos: 1, retain: true, payload: 'last' }))
      await bob.expect('puback')
      const topics = (await ann.drain()).map((packet) => packet.type === 'publish' && packet.topic)
      assert.deepEqual(new Set(topics), new Set(['a/1']), `${dialect.name}, ${subscriptions}`)
      const late = await site.join({ ...called('ann'), clientId: 'late' })
      late.send(v5.subscribe({ filters: ['#', '$share/g/#'] }))
      const wide = subscriptions === 'contained' ? notAuthorized : 0
      await late.expect('suback', { codes: [wide, wide] })
      if (wide === 0) await late.expect('publish', { topic: 'a/1', retain: true })
      await late.expectNoMore()
    }
  }
})

function only(dialect: Dialect): string {
  return dialect.text([
    { user: 'ann', access: 'read', filter: 'a/1' },
    { user: 'bob', access: 'write', filter: '#' },
  ])
}
