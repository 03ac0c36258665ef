import { type Progress, progressOf } from './acknowledgements.ts'
import {
  type Block,
  encodeExtra,
  indexLength,
  openBlock,
  receiverLength,
  setStep,
  stepAt,
  trailerLength,
} from './block.ts'
import type { BlockState, Blocks } from './blocks.ts'
import { blockKey } from './keys.ts'
import type { Pipeline } from './pipeline.ts'
import { Step, Table } from './records.ts'
import { sumLength, writeSum } from './sums.ts'
import type { Tables } from './tables.ts'

/** Bytes of blocks that need no cleaning, however little of them is still waited for. */
const tolerated = 32 * 1_048_576
/** Bytes written anew at a time. */
const portion = 2 * 1_048_576
/** Blocks looked at at a time. */
const looks = 10_000

export interface CleaningContext {
  readonly tables: Tables
  readonly blocks: Blocks
  readonly pipeline: Pipeline
  /** Removes a block. */
  readonly remove: (number: number, state: BlockState) => void
}

/**
 * Goes through the blocks, round and round. Removes those in which everything has expired, and when much is kept that
 * nobody waits for any more, writes blocks anew without it: one message for a client that is away must not keep all that
 * went to others at the same time.
 */
export class Cleaning {
  readonly #context: CleaningContext
  #round: Iterator<[number, BlockState]> | null = null

  constructor(context: CleaningContext) {
    this.#context = context
  }

  /** Looks at some blocks; `wall` in wall-clock milliseconds. */
  step(wall: number): void {
    const { blocks, remove } = this.#context
    let left = portion
    for (let looked = 0; looked < looks && left > 0; looked++) {
      this.#round ??= blocks[Symbol.iterator]()
      const next = this.#round.next()
      if (next.done === true) {
        this.#round = null
        return
      }
      const [number, state] = next.value
      if (state.expiresAt > 0 && state.expiresAt <= wall) remove(number, state)
      else if (this.#worthwhile(state)) left -= this.#clean(number, state)
    }
  }

  #worthwhile(state: BlockState): boolean {
    const { blocks, pipeline } = this.#context
    if (blocks.bytes < tolerated || blocks.bytes < 3 * blocks.liveBytes) return false
    // Acknowledgements on their way cannot be read yet.
    return state.acknowledged < pipeline.position - 1 && state.share * state.live < state.bytes / 2
  }

  #clean(number: number, state: BlockState): number {
    const { tables, blocks, pipeline } = this.#context
    const key = blockKey(number)
    const value = tables.get(Table.Blocks, key)
    if (value === null) return 0
    const progress = progressOf(tables.getAll(Table.Acknowledgements, key))
    const cleaned = withoutSettled(key, openBlock(value), progress)
    pipeline.batch.put(Table.Blocks, key, cleaned)
    pipeline.batch.drop(Table.Acknowledgements, key)
    blocks.rewritten(number, state, cleaned.length)
    pipeline.changed()
    return value.length
  }
}

/** The block with the messages that somebody waits for, each receiver as far as it has come. */
export function withoutSettled(key: Buffer, block: Block, progress: ReadonlyMap<number, Progress>): Buffer {
  const pieces: Buffer[] = []
  const index: Buffer[] = []
  let length = 0
  for (let each = 0; each < block.offsets.length; each++) {
    const offset = block.offsets[each]
    const end = block.receiversAt(offset) + block.receivers(offset) * receiverLength
    const message = Buffer.from(block.bytes.subarray(offset, end))
    const firstPlace = block.firstPlaces[each]
    if (!advance(message, block.receiversAt(offset) - offset, firstPlace, progress)) continue
    const entry = Buffer.allocUnsafe(indexLength)
    entry.writeUInt16BE(firstPlace)
    entry.writeUInt32BE(length, 2)
    index.push(entry)
    pieces.push(message)
    length += message.length
  }
  const trailer = Buffer.alloc(trailerLength)
  trailer.writeUInt16BE(pieces.length)
  trailer.writeUInt16BE(block.extras.length, 2)
  trailer.writeUInt32BE(length, 4)
  const value = Buffer.concat([...pieces, ...block.extras.map(encodeExtra), ...index, trailer])
  writeSum(Table.Blocks, key, value, value.length - sumLength)
  return value
}

/** Notes in the receivers of a message how far they have come; true when one of them is not done. */
function advance(
  message: Buffer,
  receiversAt: number,
  firstPlace: number,
  progress: ReadonlyMap<number, Progress>,
): boolean {
  let waited = false
  for (let at = receiversAt, place = firstPlace; at < message.length; at += receiverLength, place++) {
    const after = progress.get(place)
    if (after !== undefined) setStep(message, at, after.step, after.packetId)
    if (stepAt(message, at) !== Step.Settled) waited = true
  }
  return waited
}
