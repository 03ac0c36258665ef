import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEncodable, isText, readText } from '../../../src/packet/text.ts'
import { hex } from '../../kit/bytes.ts'
import { fc } from '../../kit/fast-check.ts'

function read(bytes: Buffer): string | null {
  const text = readText(bytes, 0, bytes.length)
  assert.equal(isText(bytes, 0, bytes.length), text !== null, 'isText and readText agree')
  return text
}

test('well-formed UTF-8 is read as it was written', () => {
  for (const text of ['', 'a/b', 'Äpfel', '€', '😀', '\u{10ffff}', '\u0001\u001f\u007f', '\ufffe\uffff', '\ufffd']) {
    assert.equal(read(Buffer.from(text)), text)
  }
})

test('EF BB BF is an ordinary character wherever it stands [MQTT-1.5.4-3]', () => {
  assert.equal(read(hex`efbbbf 61`), '\ufeffa')
  assert.equal(read(hex`61 efbbbf`), 'a\ufeff')
})

test('U+0000 is refused, in ASCII and beside other characters [MQTT-1.5.4-2]', () => {
  assert.equal(read(hex`610062`), null)
  assert.equal(read(hex`00`), null)
  assert.equal(read(hex`c3a4 00`), null)
})

test('surrogates, overlong forms, code points above U+10FFFF and cut characters are refused [MQTT-1.5.4-1]', () => {
  for (const bytes of [
    hex`eda080`,
    hex`edbfbf`,
    hex`eda0bd edb880`,
    hex`c080`,
    hex`e08080`,
    hex`f0808080`,
    hex`f4908080`,
    hex`c3`,
    hex`e282`,
    hex`f09f98`,
    hex`80`,
    hex`ff`,
    hex`fe`,
  ]) {
    assert.equal(read(bytes), null, bytes.toString('hex'))
  }
})

test('a character that is completed only behind the end is refused', () => {
  assert.equal(readText(hex`61 e282ac`, 0, 3), null)
  assert.equal(isText(hex`61 e282ac`, 0, 3), false)
  assert.equal(readText(hex`61 e282ac`, 0, 4), 'a€')
})

test('any bytes are accepted exactly when a strict UTF-8 decoder accepts them and none is zero', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      ),
      (array) => {
        const bytes = Buffer.from(array)
        let expected: string | null = null
        try {
          if (!bytes.includes(0)) expected = strict.decode(bytes)
        } catch {
          expected = null
        }
        assert.equal(read(bytes), expected)
      },
    ),
  )
})

test('text can be sent unless it has U+0000, a lone surrogate or more than 65,535 bytes', () => {
  assert.equal(isEncodable('a'.repeat(65_535)), true)
  assert.equal(isEncodable('a'.repeat(65_536)), false)
  assert.equal(isEncodable('€'.repeat(21_845)), true)
  assert.equal(isEncodable('€'.repeat(21_846)), false)
  assert.equal(isEncodable('a\0'), false)
  assert.equal(isEncodable('\ud800'), false)
  assert.equal(isEncodable('\udc00\ud800'), false)
  assert.equal(isEncodable('😀'), true)
})
