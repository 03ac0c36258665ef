import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { propertiesOf } from '../../../src/cli/client/properties.ts'
import { publishCommand } from '../../../src/cli/commands/pub.ts'
import { groupArguments } from '../../../src/cli/group-arguments.ts'

test('a property takes two values, a user property three', () => {
  assert.deepEqual(
    groupArguments(publishCommand(), [
      '-D',
      'publish',
      'user-property',
      'k',
      '-v',
      '-m',
      'x',
      '-D',
      'connect',
      'receive-maximum',
      '3',
    ]),
    ['-D', '["publish","user-property","k","-v"]', '-m', 'x', '-D', '["connect","receive-maximum","3"]'],
  )
})

test('the value of another option is not taken for an option', () => {
  assert.deepEqual(groupArguments(publishCommand(), ['-m', '-D', '-t', 'a']), ['-m', '-D', '-t', 'a'])
})

test('options in a file take the place of -o, comments and blank lines left out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'petaltail-'))
  const file = join(folder, 'options')
  writeFileSync(
    file,
    '# who\n-t a/b\n\n--retain\n-m two words\r\n-D publish user-property k a value\n-D publish content-type text/plain; x\n',
  )
  assert.deepEqual(groupArguments(publishCommand(), ['-o', file, '-q', '1']), [
    '-t',
    'a/b',
    '--retain',
    '-m',
    'two words',
    '-D',
    '["publish","user-property","k","a value"]',
    '-D',
    '["publish","content-type","text/plain; x"]',
    '-q',
    '1',
  ])
  rmSync(folder, { recursive: true })
})

test('properties have the types MQTT gives them', () => {
  const sets = propertiesOf([
    '["publish","message-expiry-interval","60"]',
    '["publish","payload-format-indicator","1"]',
    '["publish","correlation-data","c"]',
    '["will","will-delay-interval","5"]',
    '["publish","user-property","k","1"]',
    '["publish","user-property","k","2"]',
  ])
  assert.deepEqual(sets.publish, {
    messageExpiryInterval: 60,
    payloadFormatIndicator: true,
    correlationData: Buffer.from('c'),
    userProperties: { k: ['1', '2'] },
  })
  assert.deepEqual(sets.will, { willDelayInterval: 5 })
})

test('a property that does not exist, does not belong there or has a wrong value is refused', () => {
  const wrong = [
    ['publish', 'colour', 'red'],
    ['publish', 'constructor', 'x'],
    ['connect', 'content-type', 'x'],
    ['toString', 'user-property', 'a', 'b'],
    ['publish', 'message-expiry-interval', '-1'],
    ['publish', 'message-expiry-interval', '4294967296'],
    ['publish', 'topic-alias', '65536'],
    ['publish', 'payload-format-indicator', '2'],
  ]
  for (const words of wrong)
    assert.throws(() => propertiesOf([JSON.stringify(words)]), { name: 'Failure' }, words.join(' '))
})
