// Log-linear: 64 buckets per power of two, in units of 1/16 µs, so that any latency is told to 1.6 %.
const steps = 64
const unit = 16_000
const buckets = 32 * steps

/** Latencies in milliseconds, by the million, in a fixed amount of memory. */
export class Histogram {
  readonly #counts = new Uint32Array(buckets)
  #total = 0
  #largest = 0

  record(ms: number): void {
    const value = ms > 0 ? Math.min(ms * unit, 0xffff_ffff) >>> 0 : 0
    const index = indexOf(value)
    this.#counts[index] = this.#counts[index]! + 1
    this.#total++
    if (ms > this.#largest) this.#largest = ms
  }

  get total(): number {
    return this.#total
  }

  /** The largest value recorded, in milliseconds. */
  get largest(): number {
    return this.#largest
  }

  /** The value, in milliseconds, that the given share of all values does not exceed; NaN when there is none. */
  percentile(share: number): number {
    if (this.#total === 0) return Number.NaN
    const wanted = Math.max(1, Math.round(share * this.#total))
    let seen = 0
    for (let index = 0; index < buckets; index++) {
      seen += this.#counts[index]!
      if (seen >= wanted) return middleOf(index) / unit
    }
    return this.#largest
  }
}

function indexOf(value: number): number {
  if (value < steps) return value
  const exponent = 31 - Math.clz32(value)
  return (exponent - 5) * steps + ((value >>> (exponent - 6)) & (steps - 1))
}

function middleOf(index: number): number {
  if (index < steps) return index
  const exponent = Math.floor(index / steps) + 5
  const width = 2 ** (exponent - 6)
  return 2 ** exponent + (index % steps) * width + width / 2
}
