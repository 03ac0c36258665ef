import { GrowingBytes } from './growing-bytes.ts'
import { metaKeys, positionLength, writePosition } from './meta.ts'
import { Table } from './records.ts'

/**
 * A batch has the changes of the tables that are made together. Numbers are big-endian.
 *
 *     batch   = the value of `position` in the table `meta`, entry*
 *     entry   = put | drop
 *     put     = table u8, key length u16, key, value length u32, value
 *     drop    = table u8 + 0x80, key length u16, key
 */
const dropped = 0x80
const batchHeader = positionLength

/** Told of the entries of a batch, in order. The buffers are parts of the batch. */
export interface BatchReader {
  put(table: Table, key: Buffer, value: Buffer): void
  drop(table: Table, key: Buffer): void
}

/** A batch as it grows. Its memory is used again once it is done. */
export class Batch {
  readonly #memory = new GrowingBytes(65_536, 4_194_304)

  constructor() {
    this.#memory.take(batchHeader)
  }

  get length(): number {
    return this.#memory.length
  }

  get empty(): boolean {
    return this.#memory.length === batchHeader
  }

  /** Returns the value as the batch has it. */
  put(table: Table, key: Buffer, value: Buffer): Buffer {
    const at = this.#memory.take(7 + key.length + value.length)
    const { bytes } = this.#memory
    bytes[at] = table
    bytes.writeUInt16BE(key.length, at + 1)
    key.copy(bytes, at + 3)
    bytes.writeUInt32BE(value.length, at + 3 + key.length)
    value.copy(bytes, at + 7 + key.length)
    return bytes.subarray(at + 7 + key.length, this.#memory.length)
  }

  drop(table: Table, key: Buffer): void {
    const at = this.#memory.take(3 + key.length)
    const { bytes } = this.#memory
    bytes[at] = table | dropped
    bytes.writeUInt16BE(key.length, at + 1)
    key.copy(bytes, at + 3)
  }

  /** The whole batch; valid until `clear`. */
  seal(position: number, wall: number): Buffer {
    writePosition(this.#memory.bytes, position, wall)
    return this.#memory.used
  }

  clear(): void {
    this.#memory.clear()
    this.#memory.take(batchHeader)
  }
}

export function positionOf(batch: Buffer): number {
  return batch.readDoubleBE(0)
}

/** Reads a batch through; throws RangeError when it is cut off. */
export function readBatch(batch: Buffer, reader: BatchReader): void {
  if (batch.length < batchHeader) throw new RangeError('the batch is cut off')
  reader.put(Table.Meta, metaKeys.position, batch.subarray(0, batchHeader))
  for (let at = batchHeader; at < batch.length; ) {
    const kind = batch[at]
    const keyEnd = at + 3 + batch.readUInt16BE(at + 1)
    const key = batch.subarray(at + 3, keyEnd)
    const table = tableOf(kind & ~dropped)
    if ((kind & dropped) !== 0) {
      reader.drop(table, key)
      at = keyEnd
      continue
    }
    const end = keyEnd + 4 + batch.readUInt32BE(keyEnd)
    if (end > batch.length) throw new RangeError('the batch is cut off')
    reader.put(table, key, batch.subarray(keyEnd + 4, end))
    at = end
  }
}

function tableOf(number: number): Table {
  for (const table of Object.values(Table)) if (table === number) return table
  throw new RangeError(`there is no table ${number}`)
}
