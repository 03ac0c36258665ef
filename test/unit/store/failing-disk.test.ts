import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { audit } from '../../../src/store/audit.ts'
import { installed } from '../../system/cli-kit.ts'
import { StoreFolder } from './filled-store.ts'

const compiler = installed('cc')
const linux = process.platform === 'linux'
const skip = (compiler === null || !linux) && 'a C compiler on Linux is needed to make a disk fail'

describe('a disk that fails', { skip }, () => {
  const workshop = new StoreFolder()
  const library = join(workshop.path, 'failing-disk.so')
  before(() => {
    const source = fileURLToPath(new URL('./failing-disk.c', import.meta.url))
    execFileSync(compiler ?? '', ['-shared', '-fPIC', '-o', library, source, '-ldl'])
  })
  after(() => workshop[Symbol.dispose]())

  /** The lines a program printed that used such a disk. */
  function linesOf(program: string, folder: string, ...rest: readonly string[]): readonly string[] {
    const path = fileURLToPath(new URL(program, import.meta.url))
    const env = { ...process.env, LD_PRELOAD: library, FAILING_DISK: folder }
    const text = execFileSync(process.execPath, [path, folder, ...rest], { env, timeout: 60_000 })
    return text.toString().trim().split('\n')
  }

  for (const sign of ['sync', 'last page']) {
    test(`keeps nothing of a batch whose ${sign} fails, and all of it once that succeeds`, () => {
      using folder = new StoreFolder()
      const lines = linesOf('failing-disk-tables.ts', folder.path, sign, 'synced')
      const refused = '3 EIO EIO 2'
      assert.deepEqual(lines, ['1 ok ok 1', '2 ok ok 2', refused, refused, refused, '3 ok ok 3', '4 ok ok 4'])
      assert.deepEqual(audit(join(folder.path, 'store', 'data.mdb')).findings, [])
    })

    test(`never says that a batch is synced whose ${sign} failed, when commits are told of early`, () => {
      using folder = new StoreFolder()
      const lines = linesOf('failing-disk-tables.ts', folder.path, sign, 'early')
      assert.deepEqual([...lines.slice(0, 2), ...lines.slice(5)], ['1 ok ok 1', '2 ok ok 2', '3 ok ok 3', '4 ok ok 4'])
      for (const line of lines.slice(2, 5)) assert.match(line, /^3 (ok|EIO) EIO 3$/)
      assert.deepEqual(audit(join(folder.path, 'store', 'data.mdb')).findings, [])
    })

    for (const mode of ['synced', 'early']) {
      test(`goes on by itself, and lacks nothing, when the ${sign} of batches in a row failed (${mode})`, () => {
        using folder = new StoreFolder()
        const lines = linesOf('failing-disk-pipeline.ts', folder.path, sign, mode)
        assert.deepEqual(lines, ['failing', 'ok', 'everything is there', 'synced in order'])
        assert.deepEqual(audit(join(folder.path, 'store', 'data.mdb')).findings, [])
      })
    }
  }
})
