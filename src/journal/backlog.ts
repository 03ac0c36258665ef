import { Ring } from '../base/ring.ts'
import { Entry } from './entry.ts'

const maximumEntries = 16_384
const maximumWeight = 8 * 1_048_576

/** Entries that wait for the disk, oldest first. When it does not keep up, the oldest are lost, and counted. */
export class Backlog {
  readonly #entries = new Ring<Entry>()
  #weight = 0
  #lost: Entry | null = null

  get length(): number {
    return this.#entries.length + (this.#lost === null ? 0 : 1)
  }

  push(entry: Entry): void {
    this.#entries.push(entry)
    this.#weight += entry.weight
    while (this.#entries.length > maximumEntries || this.#weight > maximumWeight) this.#lose()
  }

  /** The next entry to write: what was lost comes first, as it is older. */
  shift(): Entry | undefined {
    const lost = this.#lost
    this.#lost = null
    if (lost !== null) return lost
    const entry = this.#entries.shift()
    if (entry !== undefined) this.#weight -= entry.weight
    return entry
  }

  #lose(): void {
    const entry = this.#entries.shift()
    if (entry === undefined) return
    this.#weight -= entry.weight
    this.#lost ??= new Entry({ kind: 'lost' }, entry.first, entry.last, 0)
    this.#lost.last = Math.max(this.#lost.last, entry.last)
    this.#lost.count += entry.count
  }
}
