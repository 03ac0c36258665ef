import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLevel } from '../../../src/base/log.ts'
import { textLog } from '../../../src/cli/text-log.ts'

function logged(level: LogLevel): { lines: string[]; log: ReturnType<typeof textLog> } {
  const lines: string[] = []
  const log = textLog(
    level,
    (line) => lines.push(line),
    () => new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
  )
  return { lines, log }
}

test('a line has time, level, message and fields', () => {
  const { lines, log } = logged('info')
  log.warn('queue full', { clientId: 'a-1', dropped: 3, why: 'two words' })
  assert.deepEqual(lines, ['2026-01-02 03:04:05.006 warn  queue full clientId=a-1 dropped=3 why="two words"\n'])
})

test('lines under the level are left out', () => {
  const { lines, log } = logged('warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  assert.equal(lines.length, 2)
  const silent = logged('silent')
  silent.log.error('e')
  assert.equal(silent.lines.length, 0)
})

test('what a client chose can neither begin a line nor steer the terminal', () => {
  const { lines, log } = logged('info')
  log.info('connected', { clientId: 'a\n2026 error fake\x1b[2J\x9b1m\u2028' })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not appear
  assert.doesNotMatch(lines.join('').slice(0, -1), /[\x00-\x1f\x7f-\x9f\u2028]/)
})
