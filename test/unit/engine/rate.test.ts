import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v4, v5 } from '../../kit/packets.ts'
import { Bench, turn } from './kit.ts'

const message = (index: number) => v4.publish({ topic: 't', payload: `${index}` })
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test('a client that sends too many messages is not read from until it may send again', async () => {
  using bench = new Bench({ messageRate: 10 })
  const reader = await (await bench.connect(v4)).subscribe('t')
  const writer = await bench.connect(v4)
  writer.send(...numbers(40).map(message))
  await turn()
  const first = reader.published().length
  assert.ok(first >= 10 && first <= 12, `${first} of 40 at once`)
  assert.equal(writer.wire.paused, true)
  let all = first
  for (let second = 1; second <= 4; second++) {
    bench.clock.advance(1_000)
    await turn()
    const more = reader.published().length
    assert.ok(more <= 12, `${more} in a second`)
    all += more
  }
  assert.equal(all, 40)
  assert.equal(writer.wire.paused, false)
})

test('bytes are limited as messages are', async () => {
  using bench = new Bench({ byteRate: 1_000 })
  const reader = await (await bench.connect(v4)).subscribe('t')
  const writer = await bench.connect(v4)
  for (const _ of numbers(5)) writer.send(v4.publish({ topic: 't', payload: 'x'.repeat(500) }))
  await turn()
  const first = reader.published().length
  assert.ok(first >= 2 && first <= 3)
  bench.clock.advance(10_000)
  await turn()
  assert.ok(reader.published().length > 0)
})

test('a client that stays within its rate is never held up', async () => {
  using bench = new Bench({ messageRate: 10 })
  const reader = await (await bench.connect(v4)).subscribe('t')
  const writer = await bench.connect(v4)
  for (const index of numbers(50)) {
    writer.send(message(index))
    assert.equal(writer.wire.paused, false)
    bench.clock.advance(100)
  }
  await turn()
  assert.equal(reader.published().length, 50)
})

test('one client that is held up holds up nobody else', async () => {
  using bench = new Bench({ messageRate: 10 })
  const [loud, quiet] = [await bench.connect(v4), await bench.connect(v4)]
  loud.send(...numbers(100).map(message))
  quiet.send(message(0))
  assert.equal(loud.wire.paused, true)
  assert.equal(quiet.wire.paused, false)
})

test('where the policy is to disconnect the client is told why', async () => {
  using bench = new Bench({ messageRate: 10, ratePolicy: 'disconnect' })
  const writer = await bench.connect(v5)
  writer.send(...numbers(40).map((index) => v5.publish({ topic: 't', payload: `${index}` })))
  await turn()
  const last = writer.take().at(-1)
  assert.equal(last?.type === 'disconnect' && last.code, 0x96)
  assert.equal(writer.wire.closed, true)
})
