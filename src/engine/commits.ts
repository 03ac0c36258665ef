import type { Log } from '../base/log.ts'
import type { Durability, Store, StoreCondition, StoreWatcher } from './store-ports.ts'

/** Something that is held back until the store has come so far. */
export interface Holder {
  /** What was staged up to this position is safe in the way the holder asked for. */
  safe(position: number): void
}

/**
 * How far the store has come, for those who hold something back: what depends on staged changes may be sent when the
 * batch that has them is safe.
 */
export class Commits implements StoreWatcher {
  readonly #store: Store
  readonly #log: Log
  #committed: number
  #synced: number
  #untilCommitted: Holder[] = []
  #untilSynced: Holder[] = []
  #untilOk: (() => void)[] = []
  /** Why nothing can be made safe, empty when it can. */
  trouble = ''

  constructor(store: Store, log: Log) {
    this.#store = store
    this.#log = log
    this.#committed = this.#synced = store.position - 1
    store.watch(this)
  }

  /** The position that covers everything staged so far; 0 when all of that is safe. */
  frontier(durability: Durability): number {
    if (durability === 'none' || this.#store.volatile) return 0
    const latest = this.#store.pending ? this.#store.position : this.#store.position - 1
    return latest <= this.reached(durability) ? 0 : latest
  }

  reached(durability: Durability): number {
    return durability === 'sync' ? this.#synced : this.#committed
  }

  /** Tells the holder, once, when the store has come further. */
  enlist(holder: Holder, durability: Durability): void {
    if (durability === 'sync') this.#untilSynced.push(holder)
    else this.#untilCommitted.push(holder)
  }

  /** Resolves when everything staged so far is safe. */
  async safe(durability: Durability): Promise<void> {
    const position = this.frontier(durability)
    while (position > this.reached(durability))
      await new Promise<void>((resolve) => this.enlist({ safe: () => resolve() }, durability))
  }

  /** Resolves when the store is well again, at once if it is. */
  ok(): Promise<void> {
    if (this.#store.condition === 'ok') return Promise.resolve()
    return new Promise((resolve) => this.#untilOk.push(resolve))
  }

  committed(position: number): void {
    this.#committed = position
    const holders = this.#untilCommitted
    this.#untilCommitted = []
    for (let index = 0; index < holders.length; index++) holders[index].safe(position)
  }

  synced(position: number): void {
    this.#synced = position
    const holders = this.#untilSynced
    this.#untilSynced = []
    for (let index = 0; index < holders.length; index++) holders[index].safe(position)
  }

  condition(condition: StoreCondition, why: string): void {
    this.trouble = condition === 'failing' ? why : ''
    if (condition === 'failing') this.#log.error('the store fails: nothing can be made safe', { why })
    else if (condition === 'behind') this.#log.warn('the store is behind: publishers wait', { why })
    else this.#log.info('the store is well again', {})
    if (condition !== 'ok') return
    const waiting = this.#untilOk
    this.#untilOk = []
    for (const resolve of waiting) resolve()
  }
}
