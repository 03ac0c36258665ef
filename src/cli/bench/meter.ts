import { Histogram } from './histogram.ts'
import type { Figures } from './load.ts'
import { Stream, Tally } from './tally.ts'
import { monotonic } from './time.ts'
import { stampBytes } from './wire.ts'

/** Counts and times the stamped messages that arrive. */
export class Meter {
  readonly tally = new Tally()
  readonly histogram = new Histogram()
  /** Latencies are recorded now. */
  measuring = false

  stream(): Stream {
    return new Stream(this.tally)
  }

  streams(count: number): Stream[] {
    return Array.from({ length: count }, () => this.stream())
  }

  take(stream: Stream, bytes: Buffer, payload: number, end: number): void {
    if (end - payload < stampBytes) throw new Error('the broker delivered a payload that nobody sent')
    stream.take(bytes.readUInt32LE(payload + 12))
    if (this.measuring) this.histogram.record(monotonic() - bytes.readDoubleLE(payload))
  }

  /** Latencies in µs, where there are any. */
  latency(): Figures {
    const { histogram } = this
    if (histogram.total === 0) return {}
    const longest = histogram.largest * 1_000
    return { p50: histogram.percentile(0.5) * 1_000, p99: histogram.percentile(0.99) * 1_000, longest }
  }

  /** What became of the `expected` messages of the whole run, warm-up included. */
  losses(expected: number): Figures {
    const { distinct, duplicates, reordered } = this.tally
    return { lost: expected - distinct, duplicates, reordered }
  }
}

/** The publisher's number in a stamped payload, or 0 when it is none of `publishers`. */
export function publisherOf(bytes: Buffer, payload: number, end: number, publishers: number): number {
  const number = end - payload < stampBytes ? 0 : bytes.readUInt32LE(payload + 8)
  return number < publishers ? number : 0
}
