import { mkdir } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { RangeOptions } from 'lmdb'
import { Entries } from './entries.ts'
import { type BinaryTable, describeStatus, Environment, isError, Status } from './environment.ts'
import { dataFile } from './files.ts'
import { PieceWriter } from './piece-writer.ts'
import { assemble } from './pieces.ts'
import { batchHeader, layoutVersion, metaKeys, numberKey, positionOf, Table } from './records.ts'
import { type Applied, type Entry, refused, type Tables } from './tables.ts'
import { TablesError } from './tables-error.ts'

export interface LmdbOptions {
  /** Batches are told to be committed before they are synced. */
  readonly early: boolean
  /** Called when they are closed. */
  readonly release?: () => Promise<void>
}

/** Opens the tables in `directory`, which is made, for this user alone, when it is missing. */
export async function openLmdbTables(directory: string, options: LmdbOptions): Promise<LmdbTables> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return new LmdbTables(join(directory, dataFile), options)
}

const { errno } = constants
const nothing = Buffer.alloc(0)
/** A key nobody has. */
const nobody = Buffer.from('-')
const reached: Applied = { committed: Promise.resolve(), synced: Promise.resolve() }

/** Tables in one LMDB file. Whoever opens them sees to it that nobody else changes the file. */
export class LmdbTables implements Tables {
  readonly #file: string
  readonly #early: boolean
  readonly #release: () => Promise<void>
  readonly #entries = new Entries()
  /** Null after it failed and could not be opened again. */
  #environment: Environment | null
  #last = { position: 0, wall: 0 }
  /** Something could not be read: what there is must be checked before it is trusted again. */
  #doubtful = false
  /** The last batch may be there without being synced. */
  #unsynced = false
  /** Transactions that have not ended. */
  #flying = 0
  /** Nothing can be done any more in this process. */
  #broken = false

  constructor(file: string, options: LmdbOptions) {
    this.#file = file
    this.#early = options.early
    this.#release = options.release ?? (async () => {})
    this.#environment = this.#open()
    this.#begin(this.#environment.tables[Table.Meta])
  }

  last(): { readonly position: number; readonly wall: number } {
    return this.#last
  }

  apply(batch: Buffer): Applied {
    const position = positionOf(batch)
    if (this.#isSafe(position)) return reached
    if (this.#broken) return refused(new TablesError('EIO', 'the store failed: the broker must be restarted'))
    try {
      this.#environment ??= this.#open()
      if (this.#isSafe(position)) return reached
      this.#entries.read(batch)
      return this.#commit(this.#environment, position, batch.readDoubleBE(8))
    } catch (error) {
      return refused(error)
    }
  }

  get(table: Table, key: Buffer): Buffer | null {
    return this.#reading((environment) => {
      const head = environment.tables[table].getBinary(key)
      return head === undefined ? null : whole(environment, table, key, head)
    })
  }

  getAll(table: Table, key: Buffer): readonly Buffer[] {
    return this.#reading((environment) => [...environment.tables[table].getValues(key)])
  }

  scan(table: Table, from: Buffer, after: boolean, count: number): readonly Entry[] {
    return this.#reading((environment) => {
      const range = { start: from, exclusiveStart: after, limit: count }
      if (table === Table.Acknowledgements) return everyValue(environment.tables[table], range)
      const heads = [...environment.tables[table].getRange(range)]
      return heads.map(({ key, value }) => ({ key, value: whole(environment, table, key, value) }))
    })
  }

  /** Keeps the state of now, and all later ones, in the file until what is returned is called. */
  hold(): () => void {
    const environment = this.#environment
    if (environment === null) throw new TablesError('CLOSED', 'the store is not open')
    environment.root.resetReadTxn()
    const transaction = environment.root.useReadTransaction()
    return () => {
      if (this.#environment === environment) transaction.done()
    }
  }

  async close(): Promise<void> {
    const environment = this.#environment
    this.#environment = null
    if (environment !== null) {
      if (!this.#doubtful) await this.#markClosed(environment.tables[Table.Meta])
      await environment.close()
    }
    await this.#release()
  }

  /** The last batch is applied once more, to be synced, when it is there but its sync failed. */
  #isSafe(position: number): boolean {
    return position < this.#last.position || (position === this.#last.position && !this.#unsynced)
  }

  #reading<T>(read: (environment: Environment) => T): T {
    if (this.#environment === null) throw new TablesError('CLOSED', 'the store is not open')
    try {
      return read(this.#environment)
    } catch (error) {
      this.#doubtful = true
      const text = error instanceof Error ? error.message : String(error)
      throw new TablesError('UNREADABLE', `the store cannot be read: ${text}`, { cause: error })
    }
  }

  #open(): Environment {
    const environment = new Environment(this.#file, { early: this.#early })
    const position = environment.tables[Table.Meta].getBinary(metaKeys.position)
    if (position !== undefined && position.length === batchHeader)
      this.#last = { position: position.readDoubleBE(0), wall: position.readDoubleBE(8) }
    return environment
  }

  #begin(meta: BinaryTable): void {
    if (meta.getBinary(metaKeys.layout) === undefined) meta.putSync(metaKeys.layout, numberKey(layoutVersion))
    if (meta.getBinary(metaKeys.closed) !== undefined) meta.removeSync(metaKeys.closed)
  }

  async #markClosed(meta: BinaryTable): Promise<void> {
    try {
      await meta.put(metaKeys.closed, nothing)
    } catch {
      // Not closed in an orderly way, then: it is only told in the statistics.
    }
  }

  #commit(environment: Environment, position: number, wall: number): Applied {
    const committed = Promise.withResolvers<void>()
    const synced = this.#early ? Promise.withResolvers<void>() : committed
    this.#flying++
    environment.listener = (status) => {
      if (status !== Status.Visible) this.#flying--
      // That the last step of a late sync failed shows in that nothing can be read any more.
      const lost = status === Status.Done && this.#early && !isUsable(environment)
      if (lost || isError(status)) return this.#failed(environment, lost ? errno.EIO : status, [committed, synced])
      this.#last = { position, wall }
      committed.resolve()
      if (status !== Status.Done) return
      this.#unsynced = false
      synced.resolve()
    }
    this.#queue(environment)
    for (const { promise } of [committed, synced]) promise.catch(() => {})
    return { committed: committed.promise, synced: synced.promise }
  }

  // The batch is one transaction or none. It begins when another write follows, so one does that changes nothing.
  #queue(environment: Environment): void {
    const queued = environment.root.batch(() => new PieceWriter(environment).write(this.#entries))
    void environment.tables[Table.Meta].remove(nobody)
    // The listener hears of it, with the cause.
    queued.catch(() => {})
    this.#entries.clear()
  }

  /** Rejects once the tables can be read and tried again, as far as that is possible. */
  #failed(environment: Environment, status: number, waiting: readonly PromiseWithResolvers<void>[]): void {
    const error = this.#errorOf(status)
    this.#unsynced = this.#early
    const reject = (): void => {
      for (const one of waiting) one.reject(error)
    }
    if (!isUsable(environment)) this.#reopen(environment).then(reject, reject)
    else if (error.code === 'ENOSPC') releaseFreedPages(environment).then(reject, reject)
    else reject()
  }

  #errorOf(status: number): TablesError {
    const { code, text } = describeStatus(status, this.#file)
    if (code.startsWith('MDB_')) this.#doubtful = true
    return new TablesError(code, text)
  }

  // After a meta page could not be written LMDB refuses everything until the file is opened anew.
  async #reopen(environment: Environment): Promise<void> {
    this.#environment = null
    // Closing it would wait for ever for a transaction that cannot begin.
    if (this.#flying > 0) this.#broken = true
    if (this.#broken) return
    await environment.close()
    this.#environment = this.#open()
  }
}

function whole(environment: Environment, table: Table, key: Buffer, head: Buffer): Buffer {
  const value = assemble(table, key, head, (piece) => environment.pieces.getBinaryFast(piece))
  if (value === null) throw new Error(`pieces of ${key.toString('hex', 0, 40)} are missing`)
  return value
}

/** The limit is one of keys, so that a scan that goes on behind a key has seen all its values. */
function everyValue(table: BinaryTable, range: RangeOptions): readonly Entry[] {
  const found: Entry[] = []
  for (const key of [...table.getKeys(range)]) for (const value of table.getValues(key)) found.push({ key, value })
  return found
}

/** Pages freed by the last transaction can be used after another one, which a full disk may have room for. */
async function releaseFreedPages(environment: Environment): Promise<void> {
  const meta = environment.tables[Table.Meta]
  const position = meta.getBinary(metaKeys.position)
  if (position === undefined) return
  environment.listener = () => {}
  const queued = environment.root.batch(() => void meta.put(metaKeys.position, position))
  void meta.remove(nobody)
  await queued
}

function isUsable(environment: Environment): boolean {
  try {
    environment.root.resetReadTxn()
    environment.tables[Table.Meta].getBinary(metaKeys.position)
    return true
  } catch {
    return false
  }
}
