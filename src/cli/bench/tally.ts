const remembered = 65_536

/** What arrived, over all streams: exact counts, told apart. */
export class Tally {
  delivered = 0
  duplicates = 0
  /** Arrived after a higher number of the same publisher. */
  reordered = 0
  /** Numbers skipped and not come since. */
  missing = 0

  /** Messages that arrived at least once. */
  get distinct(): number {
    return this.delivered - this.duplicates
  }
}

/** The messages of one publisher as one subscriber sees them, numbered from 0. */
export class Stream {
  readonly #tally: Tally
  #due = 0
  // Which of the last 65,536 numbers came; only after the first irregularity, for most streams never have one.
  #seen: Uint8Array | null = null

  constructor(tally: Tally) {
    this.#tally = tally
  }

  take(sequence: number): void {
    this.#tally.delivered++
    if (sequence === this.#due && this.#seen === null) this.#due = sequence + 1
    else this.#irregular(sequence)
  }

  #irregular(sequence: number): void {
    const seen = (this.#seen ??= new Uint8Array(remembered).fill(1))
    if (sequence >= this.#due) this.#skipTo(seen, sequence)
    else if (this.#due - sequence > remembered || seen[sequence % remembered] === 1) this.#tally.duplicates++
    else {
      seen[sequence % remembered] = 1
      this.#tally.reordered++
      this.#tally.missing--
    }
  }

  #skipTo(seen: Uint8Array, sequence: number): void {
    const skipped = sequence - this.#due
    this.#tally.missing += skipped
    for (let back = Math.min(skipped, remembered); back > 0; back--) seen[(sequence - back) % remembered] = 0
    seen[sequence % remembered] = 1
    this.#due = sequence + 1
  }
}
