import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Delivery, Inflight } from '../../../src/engine/inflight.ts'
import { fc } from '../../kit/fast-check.ts'
import { Bench } from './kit.ts'

const largest = 65_535

function sample(): () => Delivery {
  using bench = new Bench()
  const message = bench.message('t', 'x', { qos: 1 })
  return () => new Delivery(message, 0, 1, false, null, null, message.weight)
}

function added(inflight: Inflight, delivery: Delivery): Delivery {
  inflight.add(delivery)
  return delivery
}

test('packet identifiers begin at 1 and rise', () => {
  const make = sample()
  const inflight = new Inflight()
  assert.deepEqual(
    Array.from({ length: 100 }, () => added(inflight, make()).id),
    Array.from({ length: 100 }, (_, index) => index + 1),
  )
})

test('after 65535 identifiers begin at 1 again, and never are 0 [MQTT-2.2.1-3]', () => {
  const make = sample()
  const inflight = new Inflight()
  for (let id = 1; id <= largest; id++) inflight.remove(added(inflight, make()))
  assert.equal(added(inflight, make()).id, 1)
})

test('an identifier in use is passed over [MQTT-2.2.1-4]', () => {
  const make = sample()
  const inflight = new Inflight()
  const first = added(inflight, make())
  for (let count = 1; count < largest; count++) inflight.remove(added(inflight, make()))
  const next = added(inflight, make())
  assert.notEqual(next.id, first.id)
  assert.equal(inflight.get(first.id), first)
})

test('65535 messages can be in flight, each under its own identifier', () => {
  const make = sample()
  const inflight = new Inflight()
  const ids = new Set(Array.from({ length: largest }, () => added(inflight, make()).id))
  assert.equal(ids.size, largest)
  assert.equal(inflight.count, largest)
  for (const id of ids) assert.equal(inflight.get(id)?.id, id)
})

test('an identifier that was not given out finds nothing', () => {
  const make = sample()
  const inflight = new Inflight()
  for (const id of [0, 1, 8, largest]) assert.equal(inflight.get(id), null)
  const delivery = added(inflight, make())
  for (const id of [0, 2, 9, 17, 65, largest]) assert.equal(inflight.get(id), null)
  inflight.remove(delivery)
  inflight.remove(delivery)
  assert.equal(inflight.get(1), null)
  assert.equal(inflight.count, 0)
})

test('whatever is acknowledged in whatever order, the rest is found, and is in the order of sending', () => {
  const make = sample()
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 300 }), (choices) => {
      const inflight = new Inflight()
      const there: Delivery[] = []
      for (const choice of choices) {
        if (choice % 3 === 0 && there.length > 0) {
          const [gone] = there.splice(choice % there.length, 1)
          if (gone !== undefined) inflight.remove(gone)
        } else there.push(added(inflight, make()))
      }
      assert.equal(inflight.count, there.length)
      assert.deepEqual(inflight.inOrder(), there)
      for (const delivery of there) assert.equal(inflight.get(delivery.id), delivery)
    }),
  )
})
