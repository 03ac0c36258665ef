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
import { readable } from './page-file.ts'
import { metaKeys, numberKey, Table } from './records.ts'
import { type Recovery, recover } from './recovery.ts'
import { explained } from './store-access.ts'
import { StoreLock } from './store-lock.ts'
import type { Tables } from './tables.ts'
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

export interface OpenedStore {
  readonly tables: Tables
  readonly report: DamageReport | null
  readonly upgraded: UpgradeReport | null
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
    const found = await this.#find()
    this.#refuseForeign(found)
    // Also after an orderly end: a disk can spoil what nobody wrote. Only what was just made, or cannot be looked at here, is not.
    const report = found.closed && found.bytes === 0 ? null : await this.#repair(found)
    const file = report === null ? found : await this.#find()
    const upgraded = await this.#upgrade(file)
    if (file.early && !this.#options.early) await this.#settle()
    const release = (): Promise<void> => this.#lock.release()
    const tables = new LmdbTables(this.#path, { early: this.#options.early, release })
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

  async #find(): Promise<DataFile> {
    const found = inspect(this.#path)
    if (found !== null && readable) return found
    if (found === null) await this.#create()
    return { layout: this.#layouts.current, closed: true, early: false, bytes: 0 }
  }

  // Made under another name, so that a file of the right name is always whole.
  async #create(): Promise<void> {
    const next = join(this.#directory, nextFile)
    const environment = new Environment(next, { early: false })
    environment.tables[Table.Meta].putSync(metaKeys.layout, numberKey(this.#layouts.current))
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

  async #repair({ layout, bytes }: DataFile): Promise<DamageReport | null> {
    const judge = layout === null || layout === this.#layouts.current ? isRight : () => true
    const findings = findingsIn(this.#path, bytes, judge)
    if (findings.length === 0) return null
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

  async #upgrade({ layout }: DataFile): Promise<UpgradeReport | null> {
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

function findingsIn(path: string, bytes: number, judge: Judge): readonly string[] {
  if (!statSync(path).isFile()) return ['it is not a file']
  return bytes === 0 ? ['it is empty'] : audit(path, judge).findings
}
