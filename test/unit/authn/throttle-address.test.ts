import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOf } from '../../../src/authn/throttle/throttle-address.ts'
import { fc } from '../../kit/fast-check.ts'

const place = (address: string) => placeOf({ address }, 'l')

test('an IPv4 address is a place, however it is written', () => {
  for (const address of [
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '::FFFF:192.0.2.1',
    '::ffff:c000:201',
    '0:0:0:0:0:ffff:c000:0201',
    '64:ff9b::192.0.2.1',
    '64:ff9b::c000:201',
  ])
    assert.equal(place(address), '192.0.2.1', address)
  assert.notEqual(place('192.0.2.2'), place('192.0.2.1'))
})

test('the first 64 bits of an IPv6 address are a place, however they are written', () => {
  for (const address of [
    '2001:db8:0:1::',
    '2001:db8:0:1::1',
    '2001:0DB8:0000:0001:1:2:3:4',
    '2001:db8::1:2:3:4:5%eth0',
    '2001:db8:0:1:0:0:192.0.2.1',
  ])
    assert.equal(place(address), '2001:db8:0:1', address)
  assert.equal(place('::1'), '0:0:0:0')
  assert.notEqual(place('2001:db8:0:2::1'), place('2001:db8:0:1::1'))
})

test('what is no address is a place of its own', () => {
  for (const text of ['1::2::3', ':', ':::', '1:2:3', '1:2:3:4:5:6:7:8:9', 'g::', '12345::', '::1.2.3.4.5', '%', ':%'])
    assert.equal(place(text), text)
})

test('without an address the listener is the place', () => {
  assert.notEqual(placeOf({ address: '' }, 'a'), placeOf({ address: '' }, 'b'))
  assert.notEqual(placeOf({ address: '' }, '10.0.0.1'), placeOf({ address: '10.0.0.1' }, 'a'))
})

test('every IPv6 address of a network is the same place', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const text = place(address)
      assert.match(text, /^([0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}|\d+\.\d+\.\d+\.\d+)$/)
      if (text.includes(':')) assert.equal(place(`${text}::`), text)
    }),
    { numRuns: 500 },
  )
})
