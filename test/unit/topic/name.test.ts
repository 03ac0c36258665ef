import assert from 'node:assert/strict'
import { test } from 'node:test'
import { same, TopicNames } from '../../../src/topic/name.ts'
import { hex } from '../../kit/bytes.ts'

const limits = { maximumTopicBytes: 600, maximumTopicLevels: 4 }

function find(names: TopicNames, text: string) {
  const around = Buffer.from(`xx${text}xx`)
  return names.find(around, 2, around.length - 2)
}

test('the same bytes give the same name, wherever they lie', () => {
  const names = new TopicNames(limits)
  const first = find(names, 'a/ä')
  assert.equal(first?.text, 'a/ä')
  assert.deepEqual(first?.bytes, Buffer.from('a/ä'))
  assert.equal(find(names, 'a/ä'), first)
  assert.equal(names.of('a/ä'), first)
})

test('a name does not change when the read buffer is used again', () => {
  const names = new TopicNames(limits)
  const bytes = Buffer.from('a/b')
  const name = names.find(bytes, 0, 3)
  bytes.fill(0x78)
  assert.equal(name?.text, 'a/b')
  assert.equal(name?.bytes.toString(), 'a/b')
  assert.equal(names.find(bytes, 0, 3)?.text, 'xxx')
})

test('100,000 topics each get their own name, although they share the slots', () => {
  const names = new TopicNames(limits)
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 100_000; index++) {
      const text = `t/${index}`
      assert.equal(names.of(text)?.text, text)
    }
  }
})

test('topics longer than are remembered are found all the same', () => {
  const names = new TopicNames(limits)
  for (const length of [255, 256, 257, 600]) assert.equal(names.of('a'.repeat(length))?.text.length, length)
})

test('ill-formed text is no topic name, the second time neither [MQTT-1.5.4-1] [MQTT-1.5.4-2]', () => {
  const names = new TopicNames(limits)
  for (let round = 0; round < 2; round++) {
    for (const bytes of [hex`ff`, hex`00`, hex`61 00`, hex`eda080`])
      assert.equal(names.find(bytes, 0, bytes.length), null)
  }
})

test('a name that may not be published to is not valid [MQTT-3.3.2-2] [MQTT-4.7.3-1]', () => {
  const names = new TopicNames(limits)
  for (const good of ['a', '/', '$SYS', 'a/b/c/d', 'a'.repeat(600), '€'.repeat(200)])
    assert.equal(names.of(good)?.valid, true)
  for (const bad of ['', '+', 'a/#', 'a+', 'a/b/c/d/e', '////', 'a'.repeat(601), '€'.repeat(201), '😀'.repeat(151)]) {
    assert.equal(names.of(bad)?.valid, false, bad.slice(0, 10))
  }
})

test('a topic that may not be published to is not remembered', () => {
  const names = new TopicNames(limits)
  assert.notEqual(names.of('a/#'), names.of('a/#'))
})

test('bytes are the same only if all are, and no more', () => {
  const bytes = Buffer.from('xabcx')
  assert.equal(same(Buffer.from('abc'), bytes, 1, 4), true)
  assert.equal(same(Buffer.from('abc'), bytes, 1, 5), false)
  assert.equal(same(Buffer.from('abd'), bytes, 1, 4), false)
  assert.equal(same(Buffer.from(''), bytes, 2, 2), true)
})
