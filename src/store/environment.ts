import { chmodSync, statfsSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { type Database, open, type RootDatabase } from 'lmdb'
import { lockOf } from './files.ts'
import { pageSize } from './pieces.ts'
import { Table, tableNames } from './records.ts'

export type BinaryTable = Database<Buffer, Buffer>

export interface EnvironmentOptions {
  /** Commits are told of before they are synced, and synced beside the following ones. */
  readonly early: boolean
  /** Nothing is synced: for a file that is worth nothing until it is whole, and that whoever makes it syncs then. */
  readonly bulk?: boolean
}

/** The table of what does not fit into the others. */
export const piecesName = 'pieces'

/** Told of each transaction by its native status: once, or twice in an early environment, when it is visible and when it is synced. */
export type StatusListener = (status: number) => void

/** What a native transaction answers: it is safe as far as it was asked for, it is visible, or an error. */
export const Status = {
  Done: 0,
  Visible: 1,
  /** It could not begin, after another failed. */
  Panic: -30795,
} as const

/** One open LMDB file and its tables. It must be open nowhere else, not even to be read. */
export class Environment {
  readonly root: RootDatabase<Buffer, Buffer>
  /** By their numbers. */
  readonly tables: readonly BinaryTable[]
  readonly pieces: BinaryTable
  /** Replaced before each transaction by whoever starts it. */
  listener: StatusListener = () => {}

  constructor(file: string, options: EnvironmentOptions) {
    this.root = open<Buffer, Buffer>(file, environmentOptions(options))
    this.#listen()
    this.tables = tableNames.map((name, table) => this.#openTable(name, table === Table.Acknowledgements))
    this.pieces = this.#openTable(piecesName, false)
    for (const path of [file, lockOf(file)]) chmodSync(path, 0o600)
  }

  async close(): Promise<void> {
    await this.root.close()
  }

  // Waiting for the library would be for ever when a transaction could not begin. What it does at once is needed.
  /** Lets go of a file with which LMDB does nothing any more. No transaction may be under way. */
  abandon(): void {
    void this.root.close()
    const native = nativeOf(this.root)
    Reflect.set(native, 'address', 0)
    methodOf(native, 'close')()
  }

  #openTable(name: string, dupSort: boolean): BinaryTable {
    return this.root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary', dupSort })
  }

  // The library prints why a commit failed on the console and keeps it from the caller. The native call has it.
  #listen(): void {
    const native = nativeOf(this.root)
    const start = methodOf(native, 'startWriting')
    const resume = methodOf(native, 'resumeWriting')
    const value = (address: number, settled: (status: number) => unknown): unknown => {
      const { listener } = this
      return start(address, (status: number): unknown => {
        // A transaction that cannot begin leaves a lock behind that even the end of the process would wait for.
        if (status === Status.Panic) resume()
        const answer = settled(isError(status) ? Status.Done : status)
        listener(status)
        return answer
      })
    }
    Object.defineProperty(native, 'startWriting', { value })
  }
}

function nativeOf(root: RootDatabase<Buffer, Buffer>): object {
  const native: unknown = Reflect.get(root, 'env')
  if (typeof native !== 'object' || native === null) throw new TypeError('lmdb without env')
  return native
}

function methodOf(native: object, name: string): (...values: readonly unknown[]) => unknown {
  const method: unknown = Reflect.get(native, name)
  if (typeof method !== 'function') throw new TypeError(`lmdb without ${name}`)
  return (...values) => {
    const answer: unknown = Reflect.apply(method, native, values)
    return answer
  }
}

export function isError(status: number): boolean {
  return status < 0 || status > 2
}

// Not by event turns: a transaction begins with the second write after a `batch`, see LmdbTables.
function environmentOptions({ early, bulk = false }: EnvironmentOptions) {
  return {
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: tableNames.length + 1,
    pageSize,
    mapSize: 1_073_741_824,
    permissionsMode: 0o600,
    overlappingSync: early,
    eventTurnBatching: false,
    txnStartThreshold: 1,
    batchStartThreshold: 1_000_000_000,
    noSync: bulk,
  } as const
}

/** The name and the words for a native status of the file at `path`, such as `ENOSPC: no space left on device`. */
export function describeStatus(status: number, path: string): { readonly code: string; readonly text: string } {
  // LMDB says EIO when the disk took only a part of what was written.
  if (status === errno.EIO && isFull(path)) return describeStatus(errno.ENOSPC, path)
  const system = getSystemErrorMap().get(-status)
  if (system !== undefined) return { code: system[0], text: `${system[0]}: ${system[1]}` }
  const name = nativeErrors.get(status)
  return { code: name ?? `MDB_${status}`, text: `LMDB error ${name ?? status}` }
}

/** Bytes of free disk space below which a failed write is put down to that. */
const scarce = 4_194_304

function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize < scarce
  } catch {
    return false
  }
}

const { errno } = constants

const nativeErrors = new Map([
  [-30797, 'MDB_PAGE_NOTFOUND'],
  [-30796, 'MDB_CORRUPTED'],
  [-30794, 'MDB_VERSION_MISMATCH'],
  [-30793, 'MDB_INVALID'],
  [-30792, 'MDB_MAP_FULL'],
  [-30790, 'MDB_READERS_FULL'],
  [-30788, 'MDB_TXN_FULL'],
  [-30782, 'MDB_BAD_TXN'],
  [-30781, 'MDB_BAD_VALSIZE'],
  [-30779, 'MDB_PROBLEM'],
])
