import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countLevels, hasWildcard, isPattern, matches, parseFilter } from '../../../src/topic/filter.ts'

test('wildcards are valid only where MQTT 4.7.1 allows them [MQTT-4.7.1-1] [MQTT-4.7.1-2]', () => {
  for (const good of [
    '#',
    '+',
    '/',
    '//',
    'a',
    'a/#',
    '+/#',
    '/+',
    '+/',
    '+/+',
    'a/+/b',
    '/#',
    '$SYS/#',
    'a b',
    'ä/+',
    ' ',
  ]) {
    assert.equal(isPattern(good), true, good)
  }
  for (const bad of [
    '',
    'a#',
    '#/a',
    'a/#/b',
    '##',
    '#/',
    'a+',
    '+a',
    'a/+b',
    'a/b+',
    '++',
    '#+',
    '+#',
    'a/b#',
    '/##',
  ]) {
    assert.equal(isPattern(bad), false, bad)
  }
})

test('a plain filter is its own pattern', () => {
  assert.deepEqual(parseFilter('a/+'), { text: 'a/+', share: null, pattern: 'a/+' })
  for (const text of ['$shared/a/b', '$SHARE/a/b', '/$share/a/b', '$sharea'])
    assert.equal(parseFilter(text)?.share, null)
})

test('a shared filter is taken apart [MQTT-4.8.2-1]', () => {
  assert.deepEqual(parseFilter('$share/g/a/#'), { text: '$share/g/a/#', share: 'g', pattern: 'a/#' })
  assert.deepEqual(parseFilter('$share/g//'), { text: '$share/g//', share: 'g', pattern: '/' })
  assert.equal(parseFilter('$share/g/$SYS/x')?.pattern, '$SYS/x')
})

test('a share name has at least one character and no wildcard, and a filter must follow [MQTT-4.8.2-1] [MQTT-4.8.2-2]', () => {
  for (const bad of [
    '$share',
    '$share/',
    '$share//a',
    '$share/g',
    '$share/g/',
    '$share/+/a',
    '$share/g#/a',
    '$share/g/a#',
    '$share/#',
  ]) {
    assert.equal(parseFilter(bad), null, bad)
  }
})

test('the invalid is refused with or without a share', () => {
  for (const bad of ['', 'a#', '$share/g/+a']) assert.equal(parseFilter(bad), null, bad)
})

test('levels are counted, empty ones too [MQTT §4.7.1.1]', () => {
  for (const [text, levels] of [
    ['a', 1],
    ['', 1],
    ['/', 2],
    ['a/b', 2],
    ['//', 3],
    ['/a/', 3],
  ] as const) {
    assert.equal(countLevels(text), levels, text)
  }
})

test('a wildcard is seen anywhere', () => {
  assert.equal(hasWildcard('a/b'), false)
  assert.equal(hasWildcard('a/+'), true)
  assert.equal(hasWildcard('#'), true)
})

test('a filter matches level by level [MQTT §4.7.1] [MQTT-4.7.3-1] [MQTT-4.7.3-4]', () => {
  for (const [pattern, topic] of [
    ['sport/tennis/player1/#', 'sport/tennis/player1'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/x'],
    ['sport/#', 'sport'],
    ['#', 'a'],
    ['#', '/'],
    ['+', 'a'],
    ['+/+', '/finance'],
    ['/+', '/finance'],
    ['sport/+', 'sport/'],
    ['a//b', 'a//b'],
    ['a/+/b', 'a//b'],
    ['$SYS/#', '$SYS/a'],
    ['$SYS/+', '$SYS/a'],
    ['+/$a', 'x/$a'],
  ] as const) {
    assert.equal(matches(pattern, topic), true, `${pattern} and ${topic}`)
  }
})

test('a filter does not match more, fewer or other levels [MQTT §4.7.1] [MQTT-4.7.3-4]', () => {
  for (const [pattern, topic] of [
    ['+', '/finance'],
    ['sport/+', 'sport'],
    ['sport/+', 'sport/a/b'],
    ['/a', 'a'],
    ['a', 'a/'],
    ['a', 'A'],
    ['a/b/#', 'a'],
    ['a/#', 'ab'],
  ] as const) {
    assert.equal(matches(pattern, topic), false, `${pattern} and ${topic}`)
  }
})

test('a filter that begins with a wildcard does not match a topic that begins with $ [MQTT-4.7.2-1]', () => {
  for (const pattern of ['#', '+/a', '+', '+/#']) assert.equal(matches(pattern, '$SYS/a'), false, pattern)
  assert.equal(matches('+', '$'), false)
})
