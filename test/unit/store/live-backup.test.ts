import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { backupStore } from '../../../src/store/backup.ts'
import { retainedKey } from '../../../src/store/keys.ts'
import { openStoreDirectory } from '../../../src/store/open-store.ts'
import { Table } from '../../../src/store/records.ts'
import { type Survey, survey } from '../../../src/store/survey.ts'
import { StoreFolder } from './filled-store.ts'

/** A process that changes a store until the scope ends. */
class Writer implements AsyncDisposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(path: string, mode: string): Promise<Writer> {
    const program = fileURLToPath(new URL('./endless-writer.ts', import.meta.url))
    const child = spawn(process.execPath, [program, path, mode], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    return new Writer(child)
  }

  get pid(): string {
    return String(this.#child.pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'close')
  }
}

for (const mode of ['synced', 'early']) {
  test(`a copy made while batches are applied has whole batches only, and so has a survey (${mode})`, async () => {
    using folder = new StoreFolder()
    using backups = new StoreFolder()
    let last = 0
    {
      await using writer = await Writer.start(folder.path, mode)
      for (let round = 0; round < 5; round++) {
        const found = await surveyBehind(folder.path, last)
        assert.deepEqual([found.holder, found.findings], [writer.pid, []])
        const target = join(backups.path, `${round}`)
        const { audit } = await backupStore(folder.path, target)
        assert.deepEqual(audit.findings, [])
        last = await judge(target, found.position)
      }
    }
    const { tables, report } = await folder.open()
    assert.equal(report, null)
    await tables.close()
    await judge(folder.path, last)
  })
}

/** A survey once the writer, which may be kept from the processor for a while, has gone on. */
async function surveyBehind(path: string, position: number): Promise<Survey> {
  for (;;) {
    const found = await survey(path)
    if (found.position > position) return found
  }
}

/** Opens a copy and looks whether what belongs together is there together; returns its position. */
async function judge(path: string, least: number): Promise<number> {
  const { tables, report } = await openStoreDirectory(path, { early: false })
  assert.equal(report, null)
  const { position } = tables.last()
  assert.ok(position >= least)
  const [one, other] = ['one', 'other'].map((topic) => tables.get(Table.Retained, retainedKey(topic)))
  assert.ok(one !== null && other !== null)
  assert.equal(one.length, other.length - 2)
  assert.ok(one.includes(`,${position},`) && other.includes(`,${position},`))
  assert.equal(tables.scan(Table.Received, Buffer.alloc(0), false, 1_000_000).length, position, 'no batch is missing')
  await tables.close()
  return position
}
