import { constants, existsSync, statSync } from 'node:fs'
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { BrokerError } from '../base/errors.ts'
import { audit } from './audit.ts'
import { type DataFile, inspect } from './data-file.ts'
import { Environment } from './environment.ts'
import {
  dataFile,
  makeFolder,
  moveInto,
  nextFile,
  recoveredFile,
  removeData,
  renameDurably,
  syncDirectory,
  syncFile,
} from './files.ts'
import { canUpgrade, type Layouts, layouts, upgrade } from './layout.ts'
import { LmdbTables } from './lmdb-tables.ts'
import { encodeLayout, metaKeys } from './meta.ts'
import { readable } from './page-file.ts'
import { Table } from './records.ts'
import { type Recovery, recover } from './recovery.ts'
import { weightOfRetained } from './retained-record.ts'
import { explained } from './store-access.ts'
import { StoreLock } from './store-lock.ts'
import type { RetainedTotals, Tables } from './tables.ts'
import { isRight, type Judge } from './verify.ts'

export interface StoreOptions {
  /** Batches are told to be committed before they are synced. */
  readonly early: boolean
  /** What is written now and what was before. */
  readonly layouts?: Layouts
}

/** A store was damaged: what was wrong, where it is now, and what became of its entries. */
export interface DamageReport extends Recovery {
  readonly movedTo: string
  readonly findings: readonly string[]
}

/** A store was of an older layout, of which `backup` is a copy. */
export interface UpgradeReport {
  readonly from: number
  readonly to: number
  readonly backup: string
}

interface Reports {
  readonly report: DamageReport | null
  readonly upgraded: UpgradeReport | null
}

export interface OpenedStore extends Reports {
  readonly tables: Tables
}

/**
 * Opens the store in a directory, which is made when it is missing. All of it is looked at first; a damaged one is moved
 * aside, and what can be read of it kept.
 *
 * @throws BrokerError STORE_LOCKED, STORE_TOO_NEW, STORE_UNUSABLE; the store is as it was then.
 */
export async function openStoreDirectory(directory: string, options: StoreOptions): Promise<OpenedStore> {
  return await explained(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const lock = await StoreLock.take(directory)
    try {
      return await new Opening(directory, options, lock).run()
    } catch (error) {
      await lock.release()
      throw error
    }
  })
}

interface Examined extends Reports {
  readonly retained: RetainedTotals | null
}

class Opening {
  readonly #directory: string
  readonly #options: StoreOptions
  readonly #layouts: Layouts
  readonly #lock: StoreLock
  readonly #path: string

  constructor(directory: string, options: StoreOptions, lock: StoreLock) {
    this.#directory = directory
    this.#options = options
    this.#layouts = options.layouts ?? layouts
    this.#lock = lock
    this.#path = join(directory, dataFile)
  }

  async run(): Promise<OpenedStore> {
    await this.#finishEarlierWork()
    const found = readable ? inspect(this.#path) : null
    const { report, upgraded, retained } = found === null ? await this.#begin() : await this.#examine(found)
    const release = (): Promise<void> => this.#lock.release()
    const tables = new LmdbTables(this.#path, { early: this.#options.early, retained, release })
    this.#lock.hold = () => tables.hold()
    return { tables, report, upgraded }
  }

  /** A process that ended while it put one file in the place of another left it half done. */
  async #finishEarlierWork(): Promise<void> {
    const recovered = join(this.#directory, recoveredFile)
    if (!existsSync(this.#path) && existsSync(recovered)) await renameDurably(this.#directory, recovered, this.#path)
    await removeData(recovered)
    await removeData(join(this.#directory, nextFile))
  }

  /** There is no file yet, or it cannot be looked at on this machine. */
  async #begin(): Promise<Examined> {
    if (!existsSync(this.#path)) await this.#create()
    return { report: null, upgraded: null, retained: null }
  }

  /** Looks at all of the file, also after an orderly end: a disk can spoil what nobody wrote. */
  async #examine(found: DataFile): Promise<Examined> {
    this.#refuseForeign(found)
    const judge = found.layout === null || found.layout === this.#layouts.current ? isRight : () => true
    const { findings, retained } = look(this.#path, found.bytes, judge)
    const report = findings.length === 0 ? null : await this.#repair(findings, judge)
    const { layout, early } = report === null ? found : (inspect(this.#path) ?? found)
    const upgraded = await this.#upgrade(layout)
    if (early && !this.#options.early) await this.#settle()
    const asCounted = report === null && upgraded === null
    return { report, upgraded, retained: asCounted ? retained : null }
  }

  // Made under another name, so that a file of the right name is always whole.
  async #create(): Promise<void> {
    const next = join(this.#directory, nextFile)
    const environment = new Environment(next, { early: false })
    environment.tables[Table.Meta].putSync(metaKeys.layout, encodeLayout(this.#layouts.current))
    await environment.close()
    syncFile(next)
    await renameDurably(this.#directory, next, this.#path)
    await removeData(next)
    syncDirectory(dirname(resolve(this.#directory)))
  }

  #refuseForeign({ layout }: DataFile): void {
    const { current } = this.#layouts
    if (layout === null || canUpgrade(this.#layouts, layout)) return
    const what = `the store ${this.#directory} has layout ${layout}; this version knows ${current}`
    if (layout > current) throw new BrokerError('STORE_TOO_NEW', `${what}: a later version of Petaltail wrote it`)
    throw new BrokerError('STORE_UNUSABLE', `${what} and cannot upgrade it`)
  }

  async #repair(findings: readonly string[], judge: Judge): Promise<DamageReport> {
    const recovered = join(this.#directory, recoveredFile)
    const recovery = await recover(this.#path, recovered, judge).catch(async (error: unknown) => {
      await removeData(recovered)
      throw error
    })
    const movedTo = await makeFolder(this.#directory, 'damaged')
    await moveInto(movedTo, this.#path)
    await renameDurably(this.#directory, recovered, this.#path)
    await removeData(recovered)
    const report = { movedTo, findings, ...recovery }
    await writeFile(join(movedTo, 'report.json'), `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 })
    return report
  }

  async #upgrade(layout: number | null): Promise<UpgradeReport | null> {
    const { current } = this.#layouts
    if (layout === null || layout === current) return null
    const folder = await makeFolder(this.#directory, `before-layout-${current}`)
    const backup = join(folder, dataFile)
    await copyFile(this.#path, backup, constants.COPYFILE_FICLONE)
    await chmod(backup, 0o600)
    syncFile(backup)
    const environment = new Environment(this.#path, { early: false })
    try {
      upgrade(environment, this.#layouts, layout)
    } finally {
      await environment.close()
    }
    return { from: layout, to: current, backup }
  }

  // Opened the other way, LMDB would not know that its last commits may not have come to the disk.
  async #settle(): Promise<void> {
    await new Environment(this.#path, { early: true }).close()
  }
}

interface Look {
  readonly findings: readonly string[]
  readonly retained: RetainedTotals | null
}

function look(path: string, bytes: number, judge: Judge): Look {
  if (!statSync(path).isFile()) return { findings: ['it is not a file'], retained: null }
  if (bytes === 0) return { findings: ['it is empty'], retained: null }
  let weight = 0
  const { findings, tables } = audit(path, judge, (table, _, value) => {
    if (table === Table.Retained && judge === isRight) weight += weightOfRetained(value)
  })
  return { findings, retained: { count: tables[Table.Retained].right, weight } }
}
