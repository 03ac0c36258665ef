import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedGroup } from '../../../src/engine/shared.ts'
import { Readiness, type Receiver, Subscription } from '../../../src/engine/subscription.ts'
import { parseFilter } from '../../../src/topic/filter.ts'
import { TopicName } from '../../../src/topic/name.ts'

interface Member extends Receiver {
  becomes(readiness: Readiness): void
  leave(): void
}

const filter = parseFilter('$share/group/t')
const topic = new TopicName('t', null, 1, true, -1)

function member(group: SharedGroup, id: string, initial: Readiness = Readiness.Ready): Member {
  let readiness = initial
  const receiver = {
    id,
    mark: 0,
    markIndex: 0,
    kept: false,
    mayReceive: () => true,
    withheld: () => {},
    deliver: () => {},
    get readiness() {
      return readiness
    },
    becomes: (next: Readiness) => {
      const moved = (next === Readiness.Away) !== (readiness === Readiness.Away)
      readiness = next
      if (moved) group.moved(subscription)
    },
    leave: () => group.remove(subscription),
  }
  const subscription = new Subscription(receiver, '$share/group/t', 1, false, false, null, group, null)
  group.add(subscription)
  return receiver
}

function group(): SharedGroup {
  if (filter === null) throw new Error('the filter is valid')
  return new SharedGroup(filter)
}

const chosen = (from: SharedGroup, count: number) =>
  Array.from({ length: count }, () => from.choose(topic, null)?.receiver.id ?? null)

test('members take turns', () => {
  const three = group()
  for (const id of ['a', 'b', 'c']) member(three, id)
  assert.deepEqual(chosen(three, 7), ['a', 'b', 'c', 'a', 'b', 'c', 'a'])
})

test('a member that is busy or away is passed over while another is ready', () => {
  const three = group()
  const [a, b, c] = [member(three, 'a'), member(three, 'b'), member(three, 'c')]
  b.becomes(Readiness.Busy)
  a.becomes(Readiness.Away)
  assert.deepEqual(chosen(three, 3), ['c', 'c', 'c'])
  b.becomes(Readiness.Ready)
  assert.deepEqual(chosen(three, 4).sort(), ['b', 'b', 'c', 'c'])
  c.becomes(Readiness.Busy)
  assert.deepEqual(chosen(three, 2), ['b', 'b'])
})

test('where nobody is ready busy members take turns, and away ones come last', () => {
  const three = group()
  const a = member(three, 'a', Readiness.Away)
  const b = member(three, 'b', Readiness.Busy)
  const c = member(three, 'c', Readiness.Busy)
  assert.deepEqual(chosen(three, 4).sort(), ['b', 'b', 'c', 'c'])
  for (const each of [b, c]) each.becomes(Readiness.Away)
  assert.deepEqual(chosen(three, 6).sort(), ['a', 'a', 'b', 'b', 'c', 'c'])
  a.becomes(Readiness.Ready)
  assert.deepEqual(chosen(three, 2), ['a', 'a'])
})

test('those who stay take turns when a member leaves', () => {
  const four = group()
  const members = ['a', 'b', 'c', 'd'].map((id) => member(four, id))
  chosen(four, 2)
  members[0]?.leave()
  assert.deepEqual(chosen(four, 6).sort(), ['b', 'b', 'c', 'c', 'd', 'd'])
  members[3]?.leave()
  assert.deepEqual(chosen(four, 4).sort(), ['b', 'b', 'c', 'c'])
})

test('the member a message is taken from does not get it again', () => {
  const two = group()
  const a = member(two, 'a')
  assert.equal(two.choose(topic, a), null)
  member(two, 'b')
  assert.equal(two.choose(topic, a)?.receiver.id, 'b')
  assert.equal(two.choose(topic, a)?.receiver.id, 'b')
})

test('an empty group chooses nobody', () => {
  const none = group()
  assert.equal(none.empty, true)
  assert.equal(none.choose(topic, null), null)
  member(none, 'a').leave()
  assert.equal(none.empty, true)
  assert.equal(none.choose(topic, null), null)
})
