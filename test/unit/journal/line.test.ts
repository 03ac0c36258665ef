import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeLine, encodeLine, markOf } from '../../../src/journal/line.ts'
import { networkOf } from '../../../src/journal/network.ts'
import { fc } from '../../kit/fast-check.ts'
import { connected, denied, disconnected, dropped, refused } from './kit.ts'

const text = fc.string({ unit: 'binary' })
const events = fc.oneof(
  fc.tuple(text, text).map(([id, topic]) => denied(id, topic)),
  fc.tuple(text, text, text).map(([id, detail, rule]) => refused(id, '::1', { detail, rule })),
  fc.tuple(text, fc.array(text), fc.nat()).map(([id, packets, duration]) => disconnected(id, packets, duration)),
  text.map(connected),
)

test('every entry is one line, without characters that move a cursor, and is read as it was written', () => {
  fc.assert(
    fc.property(events, fc.nat(), fc.nat(), fc.integer({ min: 1 }), (event, first, later, count) => {
      const entry = { event, first, last: first + later, count }
      const line = encodeLine(entry)
      assert.match(line, /^[0-9a-f]{8} [^\p{Cc}\u2028\u2029]*\n$/u)
      assert.ok(line.includes(markOf(event.clientId).toString()))
      assert.deepEqual(decodeLine(Buffer.from(line.slice(0, -1))), entry)
    }),
  )
})

test('the count of a drop is read into the event, too', () => {
  const entry = { event: dropped('a', 't', 7), first: 1, last: 2, count: 7 }
  assert.deepEqual(decodeLine(Buffer.from(encodeLine(entry).slice(0, -1))), entry)
})

test('a line that was cut or changed anywhere is not read', () => {
  const line = Buffer.from(encodeLine({ event: denied('pump-7', 'a/b'), first: 1, last: 2, count: 3 }).slice(0, -1))
  for (let length = 0; length < line.length; length++) assert.equal(decodeLine(line.subarray(0, length)), null)
  for (let place = 0; place < line.length; place++) {
    const changed = Buffer.from(line)
    changed[place] = (changed[place] ?? 0) ^ 1
    assert.equal(decodeLine(changed), null)
  }
})

test('any bytes are read as an entry or as nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      decodeLine(Buffer.from(bytes))
    }),
  )
})

test('the network of an address is all of IPv4, and half of IPv6', () => {
  const networks = {
    '192.0.2.7': '192.0.2.7',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2',
    '2001:db8::1': '2001:db8:0:0',
    '::1': '0:0:0:0',
    '::': '0:0:0:0',
    'fe80::1:2:3:4%eth0': 'fe80:0:0:0',
    '::ffff:192.0.2.7': '192.0.2.7',
    '': '',
  }
  for (const [address, network] of Object.entries(networks)) assert.equal(networkOf(address), network)
})
