import { test } from 'node:test'
import type { Client, Credentials, Denial } from '../../../src/engine/ports.ts'
import { v4, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const gone = new Set<string>()
let changed = () => {}

/** Users by name: `short` ends after 60 seconds, `two` may have two sessions, `any` proves nothing. */
const broker = useTarget({
  fakeClock: true,
  authenticator: {
    authenticate: ({ username }: Credentials) => {
      const name = username ?? ''
      if (name === '' || name === 'any') return { name, method: 'anonymous' }
      if (gone.has(name)) return 'refused'
      return {
        name,
        method: 'password',
        ...(name === 'two' && { maximumSessions: 2 }),
        ...(name === 'short' && { expiresAt: 1_700_000_060_000 }),
      }
    },
    begin: () => null,
    review: ({ identity }: Client): Denial | null =>
      gone.has(identity.name)
        ? { reason: 0x87, detail: `${identity.name} was removed`, told: 'you were removed' }
        : null,
    watch: (call) => {
      changed = call
    },
  },
})

const kept = { properties: { sessionExpiryInterval: 1_000 } }

test('a session cannot be taken over by another identity, connected or not [MQTT 4.1]', broker.ours, async () => {
  const clientId = fresh()
  const owner = await broker.connect(v5, { clientId, username: 'ann', password: 'x', ...kept })
  for (const username of ['bob', 'any', undefined]) {
    const thief = await broker.open(v5)
    thief.send(v5.connect({ clientId, ...(username && { username, password: 'x' }) }))
    await thief.expect('connack', { code: 0x87 })
    await thief.expectClosed()
  }
  owner.send(v5.pingreq())
  await owner.expect('pingresp')
  owner.send(v5.disconnect())
  await owner.expectClosed()
  const later = await broker.open(v4)
  later.send(v4.connect({ clientId, username: 'bob', password: 'x' }))
  await later.expect('connack', { code: 5 })
  const again = await broker.open(v5)
  again.send(v5.connect({ clientId, username: 'ann', password: 'x', clean: false }))
  await again.expect('connack', { code: 0, sessionPresent: true })
})

test('the session of an anonymous client becomes that of the identity that takes it up', broker.ours, async () => {
  const clientId = fresh()
  await broker.connect(v5, { clientId, ...kept })
  const ann = await broker.open(v5)
  ann.send(v5.connect({ clientId, username: 'ann', password: 'x', clean: false }))
  await ann.expect('connack', { code: 0, sessionPresent: true })
  const nobody = await broker.open(v5)
  nobody.send(v5.connect({ clientId }))
  await nobody.expect('connack', { code: 0x87 })
})

test('an identity has no more sessions than it may have, connected or not', broker.ours, async () => {
  const who = { username: 'two', password: 'x' }
  const first = fresh()
  const one = await broker.connect(v5, { clientId: first, ...who, ...kept })
  const passing = await broker.connect(v5, { clientId: fresh(), ...who })
  const third = await broker.open(v5)
  third.send(v5.connect({ clientId: fresh(), ...who }))
  await third.expect('connack', { code: 0x97 })
  passing.send(v5.disconnect())
  await passing.expectClosed()
  one.send(v5.disconnect())
  await one.expectClosed()
  await broker.connect(v5, { clientId: fresh(), ...who })
  const fourth = await broker.open(v4)
  fourth.send(v4.connect({ clientId: fresh(), ...who }))
  await fourth.expect('connack', { code: 3 })
  await broker.connect(v5, { clientId: first, ...who, clean: false })
})

test('a client is told when its proof ends, and is disconnected then', broker.ours, async () => {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), username: 'short', password: 'x', keepAlive: 0 }))
  await client.expect('connack', {
    code: 0,
    properties: { userProperty: [['authentication-expires', '2023-11-14T22:14:20.000Z']] },
  })
  await broker.elapse(55_000)
  client.send(v5.pingreq())
  await client.expect('pingresp')
  await broker.elapse(6_000)
  await client.expect('disconnect', { code: 0x87 })
  await client.expectClosed()
  const late = await broker.open(v5)
  late.send(v5.connect({ clientId: fresh(), username: 'short', password: 'x' }))
  await late.expect('connack', { code: 0x87 })
})

test('a client that would not be let in any more is disconnected, others are not', broker.ours, async () => {
  const leaving = await broker.connect(v5, { clientId: fresh(), username: 'leaving', password: 'x' })
  const staying = await broker.connect(v5, { clientId: fresh(), username: 'staying', password: 'x' })
  gone.add('leaving')
  changed()
  await leaving.expect('disconnect', { code: 0x87, properties: { reasonString: 'not authorized: you were removed' } })
  await leaving.expectClosed()
  staying.send(v5.pingreq())
  await staying.expect('pingresp')
})
