import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, formatSize, parseDuration, parseMode, parseSize } from '../../../src/config/quantity.ts'
import { fc } from '../../kit/fast-check.ts'

test('durations are numbers with a unit', () => {
  assert.equal(parseDuration('90s'), 90)
  assert.equal(parseDuration('5m'), 300)
  assert.equal(parseDuration('1.5h'), 5_400)
  assert.equal(parseDuration('7d'), 604_800)
  assert.equal(parseDuration('250ms'), 0.25)
})

test('sizes are whole numbers of bytes in decimal or binary units', () => {
  assert.equal(parseSize('256KiB'), 262_144)
  assert.equal(parseSize('2MB'), 2_000_000)
  assert.equal(parseSize('0.5KiB'), 512)
  assert.equal(parseSize('0.3B'), null)
})

test('other texts are no quantity', () => {
  for (const text of ['', '5', 's', '-5s', '5 s', '5S', '1e3s', '5mm', '٥s', '9'.repeat(40)]) {
    assert.equal(parseDuration(text), null, text)
    assert.equal(parseSize(text), null, text)
  }
  for (const text of ['', '8', '0888', '06600', 'rw']) assert.equal(parseMode(text), null, text)
  assert.equal(parseMode('0660'), 0o660)
  assert.equal(parseMode('0o640'), 0o640)
})

test('a quantity that is written and read again is the same', () => {
  fc.assert(fc.property(fc.nat(10_000_000), (seconds) => parseDuration(formatDuration(seconds)) === seconds))
  fc.assert(fc.property(fc.nat(1_023), (bytes) => parseSize(formatSize(bytes * 1_024)) === bytes * 1_024))
})
