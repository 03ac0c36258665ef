import type { Log } from '../base/log.ts'
import type { Recovery } from '../engine/store-ports.ts'
import { type Progress, progressOf } from './acknowledgements.ts'
import { type Block, maximumPlaces, openBlock, receiverLength } from './block.ts'
import { BlockState, type Blocks } from './blocks.ts'
import { blockKey } from './keys.ts'
import { Step, Table } from './records.ts'
import { decodeSession, decodeSubscription, decodeWill } from './session-record.ts'
import { type Entry, everyEntry, type Tables } from './tables.ts'

export interface LoadingContext {
  readonly tables: Tables
  readonly log: Log
}

/** What loading finds to be of no use any more. */
export interface CleanUp {
  /** A copy whose session is gone. */
  settle(sequence: number): void
  /** A block that nobody waits for. */
  drop(block: number): void
}

/** Reads everything the tables keep, once, and tells it. What cannot be read is passed over and logged. */
export class Loading {
  readonly #context: LoadingContext
  readonly #blocks: Blocks
  readonly #recovery: Recovery
  readonly #cleanUp: CleanUp
  readonly #orphans: number[] = []
  /** Something of the block at hand was sent to somebody. */
  #sent = false
  #number = 0
  #block = 0
  #sessions = 0

  constructor(context: LoadingContext, blocks: Blocks, recovery: Recovery, cleanUp: CleanUp) {
    this.#context = context
    this.#blocks = blocks
    this.#recovery = recovery
    this.#cleanUp = cleanUp
  }

  /** Returns the next free numbers of sessions and blocks, and how many sessions there are. */
  run(): { readonly number: number; readonly block: number; readonly sessions: number } {
    const recovery = this.#recovery
    this.#each(Table.Sessions, 1_000, ({ key, value }) => {
      const record = decodeSession(key, value)
      this.#number = Math.max(this.#number, record.number)
      this.#sessions++
      recovery.session(record)
    })
    this.#each(Table.Subscriptions, 1_000, ({ key, value }) => {
      recovery.subscription(key.readUInt32BE(), decodeSubscription(value))
    })
    this.#each(Table.Wills, 1_000, ({ key, value }) => {
      const record = decodeWill(key, value)
      this.#number = Math.max(this.#number, record.number)
      recovery.will(record)
    })
    this.#each(Table.Received, 1_000, ({ key }) => recovery.received(key.readUInt32BE(), key.readUInt16BE(4)))
    this.#each(Table.Blocks, 16, (entry) => this.#readBlock(entry))
    for (const sequence of this.#orphans) this.#cleanUp.settle(sequence)
    return { number: this.#number + 1, block: this.#block + 1, sessions: this.#sessions }
  }

  #each(table: Table, count: number, tell: (entry: Entry) => void): void {
    const { tables, log } = this.#context
    for (const entry of everyEntry(tables, table, count)) {
      try {
        tell(entry)
      } catch (error) {
        log.error('an entry of the store cannot be read', { table, key: entry.key.toString('hex'), error })
      }
    }
  }

  #readBlock({ key, value }: Entry): void {
    const number = key.readUIntBE(0, 6)
    this.#block = Math.max(this.#block, number)
    const block = openBlock(value)
    const acknowledgements = this.#context.tables.getAll(Table.Acknowledgements, blockKey(number))
    const progress = progressOf(acknowledgements)
    this.#sent = false
    const unsettled = this.#tell(number, block, progress)
    if (unsettled === 0) return this.#cleanUp.drop(number)
    const state = new BlockState(unsettled, copiesOf(block), value.length, this.#sent ? 0 : latestExpiry(block))
    state.acknowledged = acknowledgements.length > 0 ? 1 : 0
    this.#blocks.add(number, state)
  }

  /** Tells of the copies that are not settled; returns how many there are. */
  #tell(number: number, block: Block, progress: ReadonlyMap<number, Progress>): number {
    let unsettled = 0
    for (let index = 0; index < block.offsets.length; index++) {
      const offset = block.offsets[index]
      const weight = block.weight(offset)
      let at = block.receiversAt(offset)
      for (let left = block.receivers(offset), place = block.firstPlaces[index]; left > 0; left--, place++) {
        const copy = block.copy(at)
        at += receiverLength
        const after = progress.get(place)
        const step = after === undefined ? copy.step : Math.max(after.step, copy.step)
        if (step === Step.Settled) continue
        unsettled++
        const sequence = number * maximumPlaces + place
        const packetId = after !== undefined && after.packetId > 0 ? after.packetId : copy.packetId
        if (step > 0) this.#sent = true
        const released = step === Step.Released
        if (!this.#recovery.delivery(copy.number, sequence, copy.qos, packetId, released, weight))
          this.#orphans.push(sequence)
      }
    }
    return unsettled
  }
}

/** How many copies there are in a block, settled or not. */
function copiesOf(block: Block): number {
  let copies = 0
  for (const offset of block.offsets) copies += block.receivers(offset)
  return copies
}

/** Wall-clock milliseconds after which all messages of a block have expired, 0 for never. */
function latestExpiry(block: Block): number {
  let latest = 0
  for (const offset of block.offsets) {
    const expiresAt = block.expiresAt(offset)
    if (expiresAt === 0) return 0
    if (expiresAt > latest) latest = expiresAt
  }
  return latest
}
