import { type Block, openBlock } from './block.ts'
import { blockKey } from './keys.ts'
import { Table } from './records.ts'
import type { Tables } from './tables.ts'

/** What is known of a block without reading it. */
export class BlockState {
  /** Copies that are not settled. */
  live: number
  /** Bytes, and those that each copy stands for. */
  bytes: number
  share: number
  /** Wall-clock milliseconds after which everything in it has expired, 0 for never: what was sent once goes on [MQTT-4.3.3-7]. */
  expiresAt: number
  /** Acknowledgements of it are kept, the last of them in the batch at this position; 0 for none. */
  acknowledged = 0

  /** `copies`: how many there are in it, settled or not. */
  constructor(live: number, copies: number, bytes: number, expiresAt: number) {
    this.live = live
    this.bytes = bytes
    this.share = bytes / copies
    this.expiresAt = expiresAt
  }
}

/** Bytes of blocks that are kept in memory because they were read lately. */
const cacheBytes = 8 * 1_048_576

interface Pending {
  readonly sealed: Buffer
  block: Block | null
  readonly position: number
}

/** All blocks that somebody waits for: a few words about each, and the contents of some. */
export class Blocks {
  readonly #tables: Tables
  readonly #states = new Map<number, BlockState>()
  /** Blocks the tables do not have yet; their memory is used again afterwards. */
  readonly #pending = new Map<number, Pending>()
  readonly #cache = new Map<number, Block>()
  #cached = 0
  /** Bytes of all blocks, and of what is not settled in them. */
  bytes = 0
  liveBytes = 0

  constructor(tables: Tables) {
    this.#tables = tables
  }

  get size(): number {
    return this.#states.size
  }

  state(block: number): BlockState | undefined {
    return this.#states.get(block)
  }

  [Symbol.iterator](): IterableIterator<[number, BlockState]> {
    return this.#states.entries()
  }

  add(block: number, state: BlockState): void {
    this.#states.set(block, state)
    this.bytes += state.bytes
    this.liveBytes += state.share * state.live
  }

  /** `sealed` is on its way to the tables in the batch at `position`. */
  await(block: number, sealed: Buffer, position: number): void {
    this.#pending.set(block, { sealed, block: null, position })
  }

  /** One copy less; true when it was the last. */
  settle(state: BlockState): boolean {
    this.liveBytes -= state.share
    return --state.live === 0
  }

  remove(block: number, state: BlockState): void {
    this.#states.delete(block)
    this.#forget(block)
    this.bytes -= state.bytes
    this.liveBytes -= state.share * state.live
  }

  /** It was written anew with `bytes` bytes. */
  rewritten(block: number, state: BlockState, bytes: number): void {
    this.#forget(block)
    this.bytes += bytes - state.bytes
    this.liveBytes += bytes - state.share * state.live
    state.bytes = bytes
    state.share = bytes / state.live
    state.acknowledged = 0
  }

  /** The block as it is on its way; it must be used before the turn ends. */
  onItsWay(block: number): Block | null {
    const pending = this.#pending.get(block)
    return pending === undefined ? null : (pending.block ??= openBlock(pending.sealed))
  }

  read(block: number): Block | null {
    const cached = this.#cache.get(block)
    if (cached !== undefined) return cached
    const bytes = this.#tables.get(Table.Blocks, blockKey(block))
    if (bytes === null) return null
    const opened = openBlock(bytes)
    this.#cache.set(block, opened)
    this.#cached += bytes.length
    for (const [oldest, { bytes }] of this.#cache) {
      if (this.#cached <= cacheBytes || oldest === block) break
      this.#cache.delete(oldest)
      this.#cached -= bytes.length
    }
    return opened
  }

  /** The tables have the batches up to `position`. */
  applied(position: number): void {
    for (const [block, pending] of this.#pending) {
      if (pending.position > position) return
      this.#pending.delete(block)
    }
  }

  #forget(block: number): void {
    const cached = this.#cache.get(block)
    if (cached === undefined) return
    this.#cache.delete(block)
    this.#cached -= cached.bytes.length
  }
}
