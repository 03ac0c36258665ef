import { mkdir } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { RangeOptions } from 'lmdb'
import { positionOf } from './batch.ts'
import { Entries } from './entries.ts'
import { type BinaryTable, describeStatus, Environment, isError, Status } from './environment.ts'
import { dataFile } from './files.ts'
import { encodeLayout, metaKeys, readPosition } from './meta.ts'
import { PieceWriter } from './piece-writer.ts'
import { assemble } from './pieces.ts'
import { layoutVersion, Table } from './records.ts'
import { type Applied, type Entry, type RetainedTotals, refused, type Tables } from './tables.ts'
import { TablesError } from './tables-error.ts'

export interface LmdbOptions {
  /** Batches are told to be committed before they are synced. */
  readonly early: boolean
  /** What was counted before they were opened. */
  readonly retained?: RetainedTotals | null
  /** Called when they are closed. */
  readonly release?: () => Promise<void>
}

/** Opens the tables in `directory`, which is made, for this user alone, when it is missing. */
export async function openLmdbTables(directory: string, options: LmdbOptions): Promise<LmdbTables> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return new LmdbTables(join(directory, dataFile), options)
}

const { errno } = constants
/** A key nobody has. */
const nobody = Buffer.from('-')
const reached: Applied = { committed: Promise.resolve(), synced: Promise.resolve() }

/** Tables in one LMDB file. Whoever opens them sees to it that nobody else changes the file. */
export class LmdbTables implements Tables {
  retained: RetainedTotals | null
  readonly #file: string
  readonly #early: boolean
  readonly #release: () => Promise<void>
  readonly #entries = new Entries()
  /** Null after it failed and could not be opened again. */
  #environment: Environment | null
  #last = { position: 0, wall: 0 }
  /** The last batch may be there without being synced. */
  #unsynced = false
  /** Transactions that have not ended. */
  #flying = 0
  /** LMDB does nothing any more with the file as it is open. */
  #lost = false
  #closed = false

  constructor(file: string, options: LmdbOptions) {
    this.#file = file
    this.retained = options.retained ?? null
    this.#early = options.early
    this.#release = options.release ?? (async () => {})
    this.#environment = this.#open()
    const meta = this.#environment.tables[Table.Meta]
    if (meta.getBinary(metaKeys.layout) === undefined) meta.putSync(metaKeys.layout, encodeLayout(layoutVersion))
  }

  last(): { readonly position: number; readonly wall: number } {
    return this.#last
  }

  apply(batch: Buffer): Applied {
    const position = positionOf(batch)
    if (this.#isSafe(position)) return reached
    if (this.#closed) return refused(new TablesError('CLOSED', 'the store is not open'))
    if (this.#lost) return refused(new TablesError('EIO', 'the store failed: it is being opened anew'))
    try {
      this.#environment ??= this.#open()
      if (this.#isSafe(position)) return reached
      // A sync of the batch before may have failed just now.
      if (this.#early && !isUsable(this.#environment)) throw new TablesError('EIO', 'the batch before was not synced')
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
    this.#closed = true
    // A transaction that is visible may still be synced, or fail, so that the file is opened anew.
    while (this.#flying > 0 || this.#lost) await new Promise((resolve) => setTimeout(resolve, 1))
    const environment = this.#environment
    this.#environment = null
    await environment?.close()
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
      const text = error instanceof Error ? error.message : String(error)
      throw new TablesError('UNREADABLE', `the store cannot be read: ${text}`, { cause: error })
    }
  }

  #open(): Environment {
    const environment = new Environment(this.#file, { early: this.#early })
    const value = environment.tables[Table.Meta].getBinary(metaKeys.position)
    const last = value === undefined ? null : readPosition(value)
    if ((last?.position ?? 0) < this.#last.position) {
      environment.abandon()
      throw new TablesError('EIO', 'the store lost what it had taken: the broker must be restarted')
    }
    this.#last = last ?? this.#last
    return environment
  }

  #commit(environment: Environment, position: number, wall: number): Applied {
    const committed = Promise.withResolvers<void>()
    const synced = this.#early ? Promise.withResolvers<void>() : committed
    this.#flying++
    this.retained = null
    environment.listener = (status) => {
      if (status !== Status.Visible) this.#flying--
      // That the last step of a late sync failed shows in that nothing can be read any more.
      const lost = status === Status.Done && this.#early && !isUsable(environment)
      if (lost || isError(status)) return this.#failed(environment, lost ? errno.EIO : status, [committed, synced])
      // That the batch before is synced may be heard later.
      if (position > this.#last.position) this.#last = { position, wall }
      committed.resolve()
      if (status !== Status.Done) return
      if (position === this.#last.position) this.#unsynced = false
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
    if (!isUsable(environment)) this.#reopen(environment, reject)
    else if (error.code === 'ENOSPC') releaseFreedPages(environment).then(reject, reject)
    else reject()
  }

  #errorOf(status: number): TablesError {
    const { code, text } = describeStatus(status === Status.Panic ? errno.EIO : status, this.#file)
    return new TablesError(code, text)
  }

  // After a meta page could not be written LMDB refuses everything until the file is opened anew.
  #reopen(environment: Environment, opened: () => void): void {
    this.#environment = null
    this.#lost = true
    if (this.#flying > 0) return opened()
    setImmediate(() => {
      environment.abandon()
      this.#lost = false
      try {
        this.#environment = this.#open()
      } catch {
        // It is tried again with the next batch.
      }
      opened()
    })
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
