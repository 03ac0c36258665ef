import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slots, TopicNames } from '../../../src/topic/name.ts'
import { hex } from '../../kit/bytes.ts'
import { fc } from '../../kit/fast-check.ts'

const limits = { maximumTopicBytes: 600, maximumTopicLevels: 4 }

function find(names: TopicNames, text: string) {
  const around = Buffer.from(`xx${text}xx`)
  return names.find(around, 2, around.length - 2)
}

/** The encoding of a name as others must read it: its bytes, or the characters of its text. */
function encoding(name: ReturnType<typeof find>): Buffer {
  assert.ok(name)
  return name.bytes ?? Buffer.from(name.text, 'latin1')
}

test('a topic in steady use keeps its name, wherever its bytes lie', () => {
  const names = new TopicNames(limits)
  for (const text of ['a/b', 'a/ä', '😀', 'a'.repeat(256)]) {
    find(names, text)
    const name = find(names, text)
    assert.equal(name?.text, text)
    assert.deepEqual(encoding(name), Buffer.from(text))
    assert.equal(name.length, Buffer.byteLength(text))
    assert.equal(find(names, text), name)
    assert.equal(names.of(text), name)
    assert.ok(name.slot >= 0 && name.slot < slots)
  }
})

test('a name does not change when the read buffer is used again', () => {
  const names = new TopicNames(limits)
  for (const text of ['a/b', 'ä/b']) {
    const bytes = Buffer.from(text)
    const found = [names.find(bytes, 0, bytes.length), names.find(bytes, 0, bytes.length)]
    bytes.fill(0x78)
    for (const name of found) assert.deepEqual([name?.text, encoding(name).toString()], [text, text])
    assert.equal(names.find(bytes, 0, bytes.length)?.text, 'x'.repeat(bytes.length))
  }
})

test('whatever topics come in whatever order, each gets its own name', () => {
  const names = new TopicNames(limits)
  const topic = fc.oneof(fc.stringMatching(/^[ab]{1,3}$/), fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }))
  fc.assert(
    fc.property(fc.array(topic, { maxLength: 40 }), (topics) => {
      for (const text of [...topics, ...topics, ...topics]) {
        if (text.includes('\0')) continue
        const name = find(names, text)
        assert.equal(name?.text, text)
        assert.deepEqual(encoding(name), Buffer.from(text))
      }
    }),
  )
})

test('100,000 topics each get their own name, although they share the slots', () => {
  const names = new TopicNames(limits)
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 100_000; index++) {
      const text = `t/${index}`
      if (names.of(text)?.text !== text) assert.fail(text)
    }
  }
})

test('no two names that are remembered have the same slot at the same time', () => {
  const names = new TopicNames(limits)
  const topics = Array.from({ length: 2_000 }, (_, index) => `t/${index}`)
  for (let round = 0; round < 3; round++) for (const text of topics) names.of(text)
  const remembered = topics
    .map((text) => names.of(text))
    .filter((name, index) => name === names.of(topics[index] ?? ''))
  const taken = remembered.map((name) => name?.slot).filter((slot) => slot !== -1)
  assert.ok(taken.length > 1_500)
  assert.equal(new Set(taken).size, taken.length)
})

test('a name tells its own encoding from others', () => {
  const names = new TopicNames(limits)
  for (const text of ['abc', 'äb']) {
    const name = names.of(text)
    const bytes = Buffer.from(`x${text}x`)
    assert.equal(name?.is(bytes, 1, bytes.length - 1), true)
    assert.equal(name?.is(bytes, 1, bytes.length), false)
    assert.equal(name?.is(bytes, 0, bytes.length - 2), false)
    assert.equal(name?.is(bytes, 2, bytes.length - 1), false)
  }
  assert.equal(names.of('ä')?.is(hex`e4`, 0, 1), false)
})

test('topics longer than are remembered are found all the same', () => {
  const names = new TopicNames(limits)
  for (const length of [255, 256, 257, 600]) assert.equal(names.of('a'.repeat(length))?.text.length, length)
})

test('ill-formed text is no topic name, the second and third time neither [MQTT-1.5.4-1] [MQTT-1.5.4-2]', () => {
  const names = new TopicNames(limits)
  for (let round = 0; round < 3; round++) {
    for (const bytes of [hex`ff`, hex`00`, hex`61 00`, hex`eda080`])
      assert.equal(names.find(bytes, 0, bytes.length), null)
  }
})

test('a name that may not be published to is not valid, however often it comes [MQTT-3.3.2-2] [MQTT-4.7.3-1]', () => {
  const names = new TopicNames(limits)
  const good = ['a', '/', '$SYS', 'a/b/c/d', 'a'.repeat(600), '€'.repeat(200)]
  const bad = ['', '+', 'a/#', 'a+', 'a/b/c/d/e', '////', 'a'.repeat(601), '€'.repeat(201), '😀'.repeat(151)]
  for (let round = 0; round < 3; round++) {
    for (const text of good) assert.equal(names.of(text)?.valid, true)
    for (const text of bad) assert.equal(names.of(text)?.valid, false, text.slice(0, 10))
  }
})
