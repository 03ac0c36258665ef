import type { Batch } from './batch.ts'
import { blockKey } from './keys.ts'
import { Step, Table } from './records.ts'
import { sumLength, writeSum } from './sums.ts'

/** Entries of one value, which may be no longer than a key. */
const most = 480
const placeBits = 14
const placeMask = (1 << placeBits) - 1

/** What happened to copies of kept messages since the last batch, gathered by block. */
export class Acknowledgements {
  readonly #entries = new Map<number, number[]>()

  get size(): number {
    return this.#entries.size
  }

  /** `packetId` is that of a copy that was sent. */
  add(block: number, place: number, step: Step, packetId: number): void {
    let entries = this.#entries.get(block)
    if (entries === undefined) this.#entries.set(block, (entries = []))
    entries.push((place | (step << placeBits)) + packetId * 0x1_0000)
  }

  /** Nobody needs to know any more. */
  forget(block: number): void {
    this.#entries.delete(block)
  }

  /** Moves all of them into a batch. */
  complete(batch: Batch): void {
    for (const [block, entries] of this.#entries) {
      const key = blockKey(block)
      for (let start = 0; start < entries.length; start += most)
        batch.put(Table.Acknowledgements, key, encode(key, entries, start, Math.min(start + most, entries.length)))
    }
    this.#entries.clear()
  }
}

function encode(key: Buffer, entries: readonly number[], start: number, end: number): Buffer {
  const value = Buffer.allocUnsafe((end - start) * 4 + sumLength)
  let at = 0
  for (let index = start; index < end; index++) {
    const entry = entries[index]
    const low = entry & 0xffff
    at = value.writeUInt16BE(low, at)
    if (low >> placeBits === Step.Sent) at = value.writeUInt16BE(Math.floor(entry / 0x1_0000), at)
  }
  writeSum(Table.Acknowledgements, key, value, at)
  return value.subarray(0, at + sumLength)
}

export interface Progress {
  readonly step: Step
  readonly packetId: number
}

/** How far each copy of a block has come, by place: the last step that any of `values` tells of. */
export function progressOf(values: readonly Buffer[]): Map<number, Progress> {
  const progress = new Map<number, Progress>()
  for (const value of values) {
    const end = value.length - sumLength
    for (let at = 0; at + 2 <= end; at += 2) {
      const entry = value.readUInt16BE(at)
      const place = entry & placeMask
      const step = stepOf(entry >> placeBits)
      if (step === Step.Sent) at += 2
      const packetId = step === Step.Sent ? value.readUInt16BE(at) : 0
      const before = progress.get(place)
      if (before === undefined) progress.set(place, { step, packetId })
      else
        progress.set(place, {
          step: step > before.step ? step : before.step,
          packetId: packetId > 0 ? packetId : before.packetId,
        })
    }
  }
  return progress
}

function stepOf(number: number): Step {
  return number === Step.Sent ? Step.Sent : number === Step.Released ? Step.Released : Step.Settled
}
