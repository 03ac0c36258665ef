import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closest } from '../../../src/config/suggest.ts'

const names = ['listeners', 'limits', 'log', 'queue', 'session', 'maximum_packet_size']

test('a slip of the finger is understood', () => {
  assert.equal(closest('listners', names), 'listeners')
  assert.equal(closest('lisen', names), 'listeners')
  assert.equal(closest('limtis', names), 'limits')
  assert.equal(closest('Queue', names), 'queue')
  assert.equal(closest('max_packet_size', names), 'maximum_packet_size')
})

test('nothing is suggested for a word that is like none', () => {
  assert.equal(closest('certificate', names), null)
  assert.equal(closest('x', names), null)
  assert.equal(closest('', names), null)
  assert.equal(closest('x'.repeat(100_000), names), null)
})
