import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason } from '../../../src/index.ts'
import { v5 } from '../../kit/packets.ts'
import { Arena } from './arena.ts'

test('clients cut off one by the will of another leave nothing in the queues', async () => {
  const settings = { queuePolicy: 'disconnect', queueMessages: 2, maximumInflight: 1 } as const
  await using arena = await Arena.open({ settings })
  // The message that is too much for `first` sends its will, which is too much for `second` while that message is on its way.
  const first = await arena.client(v5, { clientId: 'first', will: { topic: 'y', payload: 'w', qos: 1 } })
  await first.subscribe({ filter: 'x', qos: 1 })
  const second = await arena.client(v5, { clientId: 'second' })
  await second.subscribe({ filter: '+', qos: 1 })
  for (let count = 0; count < 4; count++) arena.broker.publish('x', 'm', { qos: 1 })
  for (const client of [first, second]) {
    await client.expect('publish', { qos: 1 })
    await client.expectDisconnect(Reason.QuotaExceeded)
  }
  const { queued, queuedBytes, sessions } = arena.broker.counters
  assert.deepEqual({ queued, queuedBytes, sessions }, { queued: 0, queuedBytes: 0, sessions: 2 })
  await arena.canary.sing(2)
})

test('a client that breaks the protocol in the middle of a stream is cut off there, and what it sent before counts', async () => {
  await using arena = await Arena.open()
  const listener = await arena.client(v5)
  await listener.subscribe({ filter: 'x', qos: 1 })
  for (const wrong of [v5.publish({ topic: 'x', qos: 3, id: 9 }), v5.pingreq({ header: 0xc1 }), v5.connect({})]) {
    const client = await arena.client(v5)
    const good = Array.from({ length: 50 }, (_, index) =>
      v5.publish({ topic: 'x', qos: 1, id: index + 1, payload: String(index) }),
    )
    client.send(...good, wrong, v5.publish({ topic: 'x', payload: 'never' }))
    for (let index = 0; index < 50; index++) {
      await client.expect('puback', { id: index + 1 })
      const { id } = await listener.expect('publish', { payload: String(index) })
      listener.send(v5.puback(id))
    }
    await client.expectDisconnect(Reason.MalformedPacket, Reason.ProtocolError)
    await listener.expectNoMore()
    await arena.canary.sing(5)
  }
})
