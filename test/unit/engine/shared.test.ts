import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedGroup } from '../../../src/engine/shared.ts'
import { Readiness, type Receiver, Subscription } from '../../../src/engine/subscription.ts'
import { parseFilter } from '../../../src/topic/filter.ts'

interface Member extends Receiver {
  readiness: Readiness
}

const filter = parseFilter('$share/group/t')

function member(group: SharedGroup, id: string, readiness: Readiness = Readiness.Ready): Member & { leave(): void } {
  const receiver = { id, mark: 0, markIndex: 0, readiness, deliver: () => {} }
  const subscription = new Subscription(receiver, '$share/group/t', 1, false, false, null, group, null)
  group.add(subscription)
  return Object.assign(receiver, { leave: () => group.remove(subscription) })
}

function group(): SharedGroup {
  if (filter === null) throw new Error('the filter is valid')
  return new SharedGroup(filter)
}

const chosen = (from: SharedGroup, count: number) =>
  Array.from({ length: count }, () => from.choose(null)?.receiver.id ?? null)

test('members take turns', () => {
  const three = group()
  for (const id of ['a', 'b', 'c']) member(three, id)
  assert.deepEqual(chosen(three, 7), ['a', 'b', 'c', 'a', 'b', 'c', 'a'])
})

test('a member that is busy or away is passed over while another is ready', () => {
  const three = group()
  const [a, b, c] = [member(three, 'a'), member(three, 'b'), member(three, 'c')]
  b.readiness = Readiness.Busy
  a.readiness = Readiness.Away
  assert.deepEqual(chosen(three, 3), ['c', 'c', 'c'])
  b.readiness = Readiness.Ready
  assert.deepEqual(chosen(three, 4), ['b', 'c', 'b', 'c'])
  c.readiness = Readiness.Busy
  assert.deepEqual(chosen(three, 2), ['b', 'b'])
})

test('where nobody is ready busy members take turns, and away ones come last', () => {
  const three = group()
  member(three, 'a', Readiness.Away)
  const b = member(three, 'b', Readiness.Busy)
  const c = member(three, 'c', Readiness.Busy)
  assert.deepEqual(chosen(three, 4), ['b', 'c', 'b', 'c'])
  b.readiness = c.readiness = Readiness.Away
  assert.deepEqual(chosen(three, 3), ['a', 'b', 'c'])
})

test('turns go on in order when a member leaves', () => {
  const four = group()
  const members = ['a', 'b', 'c', 'd'].map((id) => member(four, id))
  assert.deepEqual(chosen(four, 2), ['a', 'b'])
  members[0]?.leave()
  assert.deepEqual(chosen(four, 4), ['c', 'd', 'b', 'c'])
  members[3]?.leave()
  assert.deepEqual(chosen(four, 2), ['b', 'c'])
})

test('the member a message is taken from does not get it again', () => {
  const two = group()
  const a = member(two, 'a')
  assert.equal(two.choose(a), null)
  member(two, 'b')
  assert.equal(two.choose(a)?.receiver.id, 'b')
  assert.equal(two.choose(a)?.receiver.id, 'b')
})

test('an empty group chooses nobody', () => {
  const none = group()
  assert.equal(none.empty, true)
  assert.equal(none.choose(null), null)
  member(none, 'a').leave()
  assert.equal(none.empty, true)
  assert.equal(none.choose(null), null)
})
