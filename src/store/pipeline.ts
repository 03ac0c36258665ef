import type { Clock } from '../base/clock.ts'
import type { Flushable, Turn } from '../base/turn.ts'
import type { StoreCondition, StoreWatcher } from '../engine/ports.ts'
import { Batch } from './records.ts'
import type { Tables } from './tables.ts'

export interface PipelineContext {
  readonly tables: Tables
  readonly clock: Clock
  readonly turn: Turn
  /** Milliseconds between the beginnings of two commits at least: what comes in between is made safe together. */
  readonly gap: number
}

/** Milliseconds after which a batch that could not be applied is tried again. */
const patience = 500
/** Bytes staged and not safe, above which publishers must wait. */
const backlog = 16 * 1_048_576

const nobody: StoreWatcher = { committed: () => {}, synced: () => {}, condition: () => {} }

/**
 * Takes batches to the tables, one after the other: while one is on its way, everything staged goes into the next. A
 * batch that cannot be applied is tried again until it can; meanwhile nothing is safe, and the watcher knows.
 */
export class Pipeline implements Flushable {
  /** What is staged; whoever adds to it calls `changed`. */
  batch = new Batch()
  /** The position `batch` will have. */
  position: number
  condition: StoreCondition = 'ok'
  watcher: StoreWatcher = nobody
  /** Called before a batch leaves, to add what was held back. */
  readonly #complete: () => void
  /** Called when the tables have a batch. */
  readonly #applied: (position: number) => void
  readonly #context: PipelineContext
  #spare = new Batch()
  #flight: Buffer | null = null
  #enlisted = false
  #timer: NodeJS.Timeout | null = null
  #begun = 0
  #touched = false
  #failed = false
  #drained: (() => void) | null = null

  constructor(context: PipelineContext, complete: () => void, applied: (position: number) => void) {
    this.#context = context
    this.#complete = complete
    this.#applied = applied
    this.position = context.tables.last().position + 1
  }

  /** The batch on its way, null for none. Its position is the one before `position`. */
  get flight(): Buffer | null {
    return this.#flight
  }

  get pending(): boolean {
    return this.#touched
  }

  /** Something was staged; `held` bytes of it are not in `batch` yet. */
  changed(held: number): void {
    if (!this.#touched) this.#touched = true
    if (held + this.batch.length > backlog && this.condition === 'ok') this.#tell('behind', 'commits take long')
    if (this.#enlisted || this.#flight !== null || this.#timer !== null) return
    this.#enlisted = true
    this.#context.turn.enlist(this)
  }

  flush(): void {
    this.#enlisted = false
    if (this.#flight !== null || this.#timer !== null || !this.#touched) return
    const wait = this.#begun + this.#context.gap - performance.now()
    if (wait <= 0) this.#begin()
    else this.#timer = setTimeout(() => this.#due(), Math.ceil(wait))
  }

  /** Resolves when nothing is staged any more, or rejects with what is in the way. */
  async drain(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#failed) throw new Error('what was staged last could not be made safe')
    if (this.#flight !== null) await new Promise<void>((resolve) => (this.#drained = resolve))
    if (this.#touched) {
      this.#begin()
      await this.drain()
    }
  }

  #due(): void {
    this.#timer = null
    this.#begin()
  }

  #begin(): void {
    this.#complete()
    const { clock } = this.#context
    this.#begun = performance.now()
    this.#touched = false
    this.#flight = this.batch.seal(this.position, clock.wall())
    const full = this.batch
    this.batch = this.#spare
    this.#spare = full
    this.position++
    this.#apply(this.#flight)
  }

  #apply(batch: Buffer): void {
    const { tables } = this.#context
    const position = this.position - 1
    const { committed, synced } = tables.apply(batch)
    synced.then(
      () => this.watcher.synced(position),
      () => {},
    )
    committed.then(
      () => this.#done(position),
      (error: unknown) => this.#retry(batch, error),
    )
  }

  #done(position: number): void {
    this.#failed = false
    this.#flight = null
    this.#spare.clear()
    this.#applied(position)
    this.watcher.committed(position)
    if (this.condition !== 'ok') this.#tell('ok', '')
    this.#drained?.()
    this.#drained = null
    if (this.#touched) this.flush()
  }

  #retry(batch: Buffer, error: unknown): void {
    this.#failed = true
    this.#tell('failing', error instanceof Error ? error.message : String(error))
    this.#drained?.()
    this.#drained = null
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#apply(batch)
    }, patience)
  }

  #tell(condition: StoreCondition, why: string): void {
    if (condition === this.condition) return
    this.condition = condition
    this.watcher.condition(condition, why)
  }
}
