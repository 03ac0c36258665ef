import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeDisk } from '../../../src/cli/bench/disk.ts'

const shared = '/dev/shm'
const hasMemoryDisk = existsSync(shared) && statfsSync(shared).type === 0x01021994

test('a disk is described by what a synced write takes, and nothing is left on it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'petaltail-test-'))
  try {
    assert.match(describeDisk(folder), /synced write of 4 KiB takes \d+\.\d\d ms$|is in memory/)
    assert.deepEqual(readdirSync(folder), [])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a folder in memory is said to be one', { skip: hasMemoryDisk ? false : 'no folder in memory here' }, () => {
  assert.match(describeDisk(shared), /^\/dev\/shm is in memory/)
})
