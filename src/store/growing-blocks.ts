import { GrowingBlock } from './growing-block.ts'

/** Blocks that are kept to be used again. */
const spares = 16

/**
 * The blocks of the batch that is growing, by number. They are written into it only when it leaves: a block that
 * everybody has acknowledged by then is never written.
 */
export class GrowingBlocks {
  /** From `#first` on; null for a block that nobody waits for any more. The last one takes what comes. */
  #blocks: (GrowingBlock | null)[] = []
  #first = 0
  #spare: GrowingBlock[] = []
  /** Bytes of all but the last. */
  #ended = 0
  /** The number of the block that takes what comes. */
  number = 0
  /** That block. */
  current = new GrowingBlock()

  constructor() {
    this.begin(0)
  }

  /** Bytes of all of them. */
  get length(): number {
    return this.#ended + this.current.length
  }

  /** Nothing was staged yet; the first block gets this number. */
  begin(number: number): void {
    this.#blocks = [this.current]
    this.#first = this.number = number
  }

  /** Ends the block that is growing, and begins the next. */
  next(): GrowingBlock {
    const ended = this.current
    this.#ended += ended.length
    this.current = this.#spare.pop() ?? new GrowingBlock()
    this.#blocks.push(this.current)
    if (ended.live === 0) this.drop(this.number)
    this.number++
    return this.current
  }

  /** The block of this number, null when nobody waits for it any more, undefined when it is not one of these. */
  find(number: number): GrowingBlock | null | undefined {
    return number < this.#first ? undefined : this.#blocks[number - this.#first]
  }

  /** Everybody has acknowledged a block. The one that is growing stays. */
  drop(number: number): void {
    const block = this.find(number)
    if (block === undefined || block === null || number === this.number) return
    this.#ended -= block.length
    this.#blocks[number - this.#first] = null
    this.#release(block)
  }

  /** Gives away all blocks that somebody waits for, in order, and begins anew. The blocks are valid for the call only. */
  end(take: (number: number, block: GrowingBlock) => void): void {
    const blocks = this.#blocks
    for (let index = 0; index < blocks.length; index++) {
      const block = blocks[index]
      if (block === null) continue
      if (block.live > 0) take(this.#first + index, block)
      if (block !== this.current) this.#release(block)
    }
    if (this.current.places > 0) this.number++
    this.current.clear()
    this.#ended = 0
    this.begin(this.number)
  }

  #release(block: GrowingBlock): void {
    block.clear()
    if (this.#spare.length < spares) this.#spare.push(block)
  }
}
