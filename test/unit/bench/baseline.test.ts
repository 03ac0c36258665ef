import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { comparison, readBaseline, storeBaseline } from '../../../src/cli/bench/baseline.ts'
import type { Summary } from '../../../src/cli/bench/summary.ts'

function summary(scenario: string, own: number, peer: number): Summary {
  const medians = { petaltail: { cpu: own }, mosquitto: { cpu: peer } }
  return { scenario, subject: 'petaltail', peer: 'mosquitto', medians, ratios: [], standings: [] }
}

function inFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'petaltail-test-'))
  try {
    use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('storing a baseline replaces the scenarios that were run and keeps the others', () => {
  inFolder((folder) => {
    const file = join(folder, 'baseline.json')
    storeBaseline(file, [summary('pipe-0', 1, 10), summary('fanin', 20, 20)])
    storeBaseline(file, [summary('pipe-0', 2, 10)])
    const stored = readBaseline(file)
    assert.equal(stored['pipe-0']?.petaltail?.cpu, 2)
    assert.equal(stored.fanin?.petaltail?.cpu, 20)
  })
})

test('a comparison says what changed, by itself and beside the peer', () => {
  const lines = comparison(summary('pipe-0', 3, 10), { 'pipe-0': summary('pipe-0', 2, 10).medians })
  assert.deepEqual(lines, [
    '  CPU µs each: 3.00 now, 2.00 in the baseline, +50 %: WORSE',
    '  CPU µs each × mosquitto: 0.30 now, 0.20 in the baseline, +50 %: WORSE',
  ])
})

test('a difference within the noise of a shared machine is called the same', () => {
  const lines = comparison(summary('pipe-0', 2.2, 10), { 'pipe-0': summary('pipe-0', 2, 10).medians })
  assert.ok(
    lines.every((line) => line.endsWith('+10 %: same')),
    lines.join('\n'),
  )
})

test('a file that is no baseline is refused with its name', () => {
  inFolder((folder) => {
    const file = join(folder, 'other.json')
    for (const content of ['{"pipe-0": 3}', '[1]', 'null', '{"a": {"b": {"cpu": "1"}}}', 'not json']) {
      writeFileSync(file, content)
      assert.throws(() => readBaseline(file), { name: 'Failure', message: new RegExp(file) })
    }
  })
})
