import { statSync } from 'node:fs'
import { everyTable } from './catalog.ts'
import { type Copied, copyReadable } from './copy-readable.ts'
import { Environment } from './environment.ts'
import { syncFile } from './files.ts'
import { encodeLayout, metaKeys, positionLength, writePosition } from './meta.ts'
import { layoutVersion, Table, tableNames } from './records.ts'
import { decodeSession } from './session-record.ts'
import { type SweepVisitor, sweep } from './sweep.ts'
import type { Judge } from './verify.ts'

/** What became of a damaged store. */
export interface Recovery {
  /** Entries that were taken over, by table. */
  readonly kept: Readonly<Record<string, number>>
  /** Entries that could not be read, by table; null where it is not known how many there were. */
  readonly lost: Readonly<Record<string, number | null>>
  /** Names of clients that lost something, as far as they are known, and not more than a hundred. */
  readonly clients: readonly string[]
}

/** Makes a new file of all that can be read of a damaged one. The new one is synced when this returns. */
export async function recover(source: string, target: string, judge: Judge): Promise<Recovery> {
  const recovery = await fill(source, target, judge)
  syncFile(target)
  return recovery
}

async function fill(source: string, target: string, judge: Judge): Promise<Recovery> {
  const environment = new Environment(target, { early: false, bulk: true })
  try {
    const copied = copyReadable(source, environment, judge)
    const balance = new Balance(copied)
    sweep(environment, balance, judge)
    completeMeta(environment, Math.max(copied.transaction, balance.lastBlock), statSync(source).mtimeMs)
    return balance.result()
  } finally {
    await environment.close()
  }
}

/** A store without its position goes on behind every number it can have had. */
function completeMeta(environment: Environment, position: number, wall: number): void {
  const meta = environment.tables[Table.Meta]
  if (meta.getBinary(metaKeys.layout) === undefined) meta.putSync(metaKeys.layout, encodeLayout(layoutVersion))
  if (meta.getBinary(metaKeys.position) !== undefined || position === 0) return
  const value = Buffer.alloc(positionLength)
  writePosition(value, position, wall)
  meta.putSync(metaKeys.position, value)
}

const named = 100

/** Counts what was kept and what was lost. */
class Balance implements SweepVisitor {
  lastBlock = 0
  readonly #copied: Copied
  readonly #kept = everyTable.map(() => 0)
  readonly #names = new Map<number, string>()
  readonly #concerned = new Set<number>()
  readonly #clients = new Set<string>()

  constructor(copied: Copied) {
    this.#copied = copied
    for (const { table, key, value } of copied.wrong) {
      this.removed(table, key)
      if (table === Table.Sessions) this.#nameFrom(key, value)
    }
  }

  kept(table: Table, key: Buffer, value: Buffer): void {
    this.#kept[table]++
    if (table === Table.Blocks) this.lastBlock = key.readUIntBE(0, 6)
    if (table === Table.Sessions && this.#names.size < remembered)
      this.#names.set(key.readUInt32BE(), decodeSession(key, value).clientId)
  }

  removed(table: Table, key: Buffer): void {
    if (ofSessions.includes(table) && key.length >= 4) this.#concerned.add(key.readUInt32BE())
  }

  result(): Recovery {
    for (const number of this.#concerned) {
      const name = this.#names.get(number)
      if (name !== undefined) this.#clients.add(name)
    }
    const lost = this.#kept.map((kept, table) => {
      const expected = this.#copied.expected[table]
      return [tableNames[table], expected === null ? null : Math.max(0, expected - kept)] as const
    })
    const kept = this.#kept.map((count, table) => [tableNames[table], count] as const)
    return {
      kept: Object.fromEntries(kept),
      lost: Object.fromEntries(lost),
      clients: [...this.#clients].slice(0, named),
    }
  }

  /** The name in a session that is not as it was written, if it can be one. */
  #nameFrom(key: Buffer, value: Buffer): void {
    try {
      const name = decodeSession(key, value).clientId
      if (/^[\x20-\x7e]+$/.test(name)) this.#clients.add(name)
    } catch {
      // It does not even look like one.
    }
  }
}

const ofSessions: readonly Table[] = [Table.Sessions, Table.Subscriptions, Table.Wills, Table.Received]
/** Names of sessions that are kept in memory meanwhile. */
const remembered = 1_000_000
