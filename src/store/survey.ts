import { join } from 'node:path'
import { type Progress, progressOf } from './acknowledgements.ts'
import { type Audit, audit, type EntryObserver } from './audit.ts'
import { openBlock, receiverLength } from './block.ts'
import { inspect } from './data-file.ts'
import { dataFile } from './files.ts'
import { type Last, metaKeys, readPosition } from './meta.ts'
import { layoutVersion, Step, Table } from './records.ts'
import { reading } from './store-access.ts'
import { isRight } from './verify.ts'

/** What there is in a store. */
export interface Survey extends Audit {
  /** The process that has it open, null when none has. */
  readonly holder: string | null
  readonly layout: number | null
  readonly bytes: number
  /** Copies of messages that wait for somebody. */
  readonly queued: number
  readonly position: number
  /** Wall-clock milliseconds of the last commit, 0 when there was none. */
  readonly lastCommit: number
}

/**
 * Looks at all of a store, while a broker runs or not, and changes nothing.
 *
 * @throws BrokerError STORE_MISSING, STORE_UNUSABLE
 */
export async function survey(directory: string): Promise<Survey> {
  return await reading(directory, async (holder) => look(join(directory, dataFile), holder))
}

function look(path: string, holder: string | null): Survey {
  const file = inspect(path)
  const layout = file?.layout ?? null
  const tally = new Tally()
  const known = layout === null || layout === layoutVersion
  const result = known ? audit(path, isRight, tally.take) : audit(path, () => true)
  const { queued, last } = tally
  return { ...result, holder, layout, bytes: file?.bytes ?? 0, queued, position: last.position, lastCommit: last.wall }
}

/** Counts what waits, and remembers the last commit. */
class Tally {
  queued = 0
  last: Last = { position: 0, wall: 0 }
  readonly #progress = new Map<number, Buffer[]>()

  readonly take: EntryObserver = (table, key, value) => {
    if (table === Table.Acknowledgements) this.#acknowledgement(key.readUIntBE(0, 6), Buffer.from(value))
    else if (table === Table.Blocks) this.#block(key.readUIntBE(0, 6), value)
    else if (table === Table.Meta && key.equals(metaKeys.position)) this.last = readPosition(value) ?? this.last
  }

  #acknowledgement(block: number, value: Buffer): void {
    const values = this.#progress.get(block)
    if (values === undefined) this.#progress.set(block, [value])
    else values.push(value)
  }

  #block(number: number, value: Buffer): void {
    const progress = progressOf(this.#progress.get(number) ?? [])
    this.#progress.delete(number)
    this.queued += unsettled(value, progress)
  }
}

function unsettled(value: Buffer, progress: ReadonlyMap<number, Progress>): number {
  const block = openBlock(value)
  let count = 0
  for (let index = 0; index < block.offsets.length; index++) {
    const offset = block.offsets[index]
    const receivers = block.receivers(offset)
    for (let each = 0; each < receivers; each++) {
      const copy = block.copy(block.receiversAt(offset) + each * receiverLength)
      const step = progress.get(block.firstPlaces[index] + each)?.step ?? 0
      if (Math.max(step, copy.step) < Step.Settled) count++
    }
  }
  return count
}
