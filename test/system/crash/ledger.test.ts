import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger } from './ledger.ts'
import type { Arrival } from './receipts.ts'
import { RetainedLedger } from './retained-ledger.ts'

// The ledger must find what it is there to find: each test makes one mistake of a broker by hand.

interface Story {
  /** How often the publisher sent each of its messages, number 0 first. */
  readonly sent: readonly number[]
  readonly publisherQos?: number
  readonly subscriberQos?: number
  /** What came to the subscriber, identifiers it gave back, and its new connections. */
  readonly came: readonly (Partial<Arrival> | number | 'reconnect')[]
}

/** What the ledger says when all that was sent was acknowledged. */
function violationsOf({ sent, publisherQos = 1, subscriberQos = 1, came }: Story): readonly string[] {
  const ledger = new Ledger()
  const stream = ledger.stream('p', publisherQos)
  const receipts = ledger.receipts('s', subscriberQos)
  for (const [number, times] of sent.entries()) {
    for (let time = 0; time < times; time++) stream.sent(number)
    stream.acknowledged(number, 1)
  }
  for (const one of came) {
    if (typeof one === 'number') receipts.release(one)
    else if (one === 'reconnect') receipts.connected()
    else
      receipts.arrived({
        publisher: 'p',
        number: 0,
        qos: Math.min(publisherQos, subscriberQos),
        dup: false,
        id: 1,
        ...one,
      })
  }
  ledger.close()
  return ledger.violations.map((text) => text.replace(/^after kill 0: /, ''))
}

test('each message once and in order is right', () => {
  assert.deepEqual(violationsOf({ sent: [1, 1], came: [{}, 1, { number: 1 }, 1] }), [])
})

test('an acknowledged message that never came is found', () => {
  assert.deepEqual(violationsOf({ sent: [1, 1], came: [{}] }), ['s never got p 1, acknowledged after kill 1'])
})

test('a message nobody sent is found', () => {
  assert.deepEqual(violationsOf({ sent: [], came: [{}] }), ['s: p 0 (QoS 1, identifier 1) came, but nobody sent it'])
})

test('a message at the wrong QoS is found', () => {
  const story = { sent: [1], publisherQos: 2, subscriberQos: 1, came: [{ qos: 2 }] }
  assert.deepEqual(violationsOf(story), ['s: p 0 (QoS 2, identifier 1) came at another QoS'])
})

test('a first arrival after a later message is found, a repetition is not', () => {
  const swapped = violationsOf({ sent: [1, 1], came: [{ number: 1 }, { number: 0, id: 2 }] })
  assert.deepEqual(swapped, ['s: p 0 (QoS 1, identifier 2) came after 1'])
  const repeated = [{}, { number: 1, id: 2 }, { dup: true }, { number: 1, id: 2, dup: true }]
  assert.deepEqual(violationsOf({ sent: [1, 1], came: repeated }), [])
})

test('a QoS 1 message that comes again needs DUP', () => {
  const again = (dup: boolean) => violationsOf({ sent: [1], came: [{}, 1, { dup }] })
  assert.deepEqual(again(true), [])
  assert.deepEqual(again(false), ['s: p 0 (QoS 1, identifier 1) came 2 times without DUP, 1 allowed'])
})

test('a QoS 1 message its publisher sent again may come again without DUP, but not a third time', () => {
  const came = [{}, 1, { id: 2 }, 2]
  assert.deepEqual(violationsOf({ sent: [2], came }), [])
  assert.match(violationsOf({ sent: [2], came: [...came, { id: 3 }] }).join(), /came 3 times without DUP/)
})

test('a QoS 2 message may come again under the identifier the client still holds, with DUP', () => {
  const qos = { publisherQos: 2, subscriberQos: 2 }
  assert.deepEqual(violationsOf({ ...qos, sent: [1], came: [{}, { dup: true }, 1] }), [])
  assert.match(violationsOf({ ...qos, sent: [1], came: [{}, {}] }).join(), /again under identifier 1 without DUP/)
})

test('a QoS 2 message after PUBREL, or under another identifier, is delivered twice', () => {
  const qos = { publisherQos: 2, subscriberQos: 2 }
  for (const came of [
    [{}, 1, { dup: true }],
    [{}, { dup: true, id: 2 }],
  ]) {
    assert.match(violationsOf({ ...qos, sent: [1], came }).join(), /was delivered 2 times at QoS 2/)
  }
})

test('a packet identifier the client holds may not stand for another message', () => {
  const taken = violationsOf({ sent: [1, 1], came: [{}, { number: 1 }] })
  assert.deepEqual(taken, ['s: p 1 (QoS 1, identifier 1) took identifier 1 while p 0 held it'])
  const qos = { publisherQos: 2, subscriberQos: 2 }
  const later = violationsOf({ ...qos, sent: [1, 1], came: [{}, 'reconnect', { number: 1 }] })
  assert.deepEqual(later, ['s: p 1 (QoS 2, identifier 1) took identifier 1 while p 0 held it'])
  assert.deepEqual(violationsOf({ sent: [1, 1], came: [{}, 'reconnect', { number: 1 }] }), [])
})

test('a retained message must be the one acknowledged last, or one sent later', () => {
  const retained = new RetainedLedger()
  const found = (value: string | null) => retained.mistakes(new Map(value === null ? [] : [['t', value]])).join()
  const acknowledge = ['a', 'b', null, 'c'].map((value) => retained.sent('t', value))
  assert.equal(found(null), '')
  acknowledge[1]?.()
  assert.equal(found('a'), 't retains a, not b or later')
  assert.deepEqual([found('b'), found(null), found('c')], ['', '', ''])
  acknowledge[3]?.()
  assert.equal(found(null), 't retains null, not c or later')
  assert.equal(found('c'), '')
})

test('the violations of one kind are told four times and counted', () => {
  const all = violationsOf({ sent: Array.from({ length: 9 }, () => 1), came: [] })
  assert.equal(all.length, 5)
  assert.equal(all.at(-1), '9 times: s never got p …, acknowledged after kill …')
})
