/** Copies added below which there is not enough to win, of those at the last few looks. */
const many = 1_024
/** Looks without a copy added after which nothing more is expected. */
const quiet = 3
/** Batches for which nothing is waited for after it was in vain. */
const resigned = 100

/**
 * Tells whether a batch should wait a little: what its receivers acknowledge until it leaves need not be written. That
 * is so while much comes and about as much is acknowledged, unless waiting turns out to spare little: when
 * acknowledgements take longer than a batch may wait.
 */
export class CommitPatience {
  /** Since the last look, and as a sum over looks of which older ones count less and less. */
  #added = 0
  #settled = 0
  #addedLately = 0
  #settledLately = 0
  #quiet = 0
  /** Since the last batch left, and a sum like those above. */
  #staged = 0
  #spared = 0
  #stagedLately = 0
  #sparedLately = 0
  #waited = false
  #resigned = 0

  /** A copy was staged that is on its way to its receiver already. */
  added(): void {
    this.#added++
    this.#staged++
  }

  /** A copy was settled; `spared` before it was written. */
  settled(spared: boolean): void {
    this.#settled++
    if (spared) this.#spared++
  }

  /** The batch could leave: should it wait? To be asked about every millisecond. */
  worthwhile(): boolean {
    this.#quiet = this.#added === 0 ? this.#quiet + 1 : 0
    this.#addedLately = this.#addedLately * 0.875 + this.#added
    this.#settledLately = this.#settledLately * 0.875 + this.#settled
    this.#added = this.#settled = 0
    if (this.#resigned > 0 || this.#quiet >= quiet || this.#addedLately < many) return false
    if (this.#settledLately * 2 < this.#addedLately) return false
    this.#waited = true
    return true
  }

  /** The batch leaves. */
  leaves(): void {
    this.#stagedLately = this.#stagedLately * 0.75 + this.#staged
    this.#sparedLately = this.#sparedLately * 0.75 + this.#spared
    this.#staged = this.#spared = 0
    if (this.#resigned > 0) this.#resigned--
    else if (this.#waited && this.#sparedLately * 4 < this.#stagedLately) this.#resigned = resigned
    this.#waited = false
  }
}
