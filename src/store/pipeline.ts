import type { Clock } from '../base/clock.ts'
import type { Flushable, Turn } from '../base/turn.ts'
import type { StoreCondition, StoreWatcher } from '../engine/store-ports.ts'
import { Batch } from './batch.ts'
import type { Tables } from './tables.ts'

export interface PipelineContext {
  readonly tables: Tables
  readonly clock: Clock
  readonly turn: Turn
  /** Milliseconds between the beginnings of two commits at least: what comes in between is made safe together. */
  readonly gap: number
}

/** What the pipeline asks of those who stage. */
export interface Stager {
  /** Bytes staged that join the batch only when it leaves. */
  held(): number
  /** Called before a batch leaves, to add what was held back. */
  complete(): void
  /** Called when the tables have a batch. */
  applied(position: number): void
  /** The batch should wait a little: much of what is staged becomes needless by the moment. */
  worthWaiting(): boolean
}

/** Milliseconds a commit waits at most because what it would make safe becomes needless. */
const longest = 10

/** Milliseconds after which a batch that could not be applied is tried again. */
const patience = 500
/** Milliseconds after which a commit keeps those waiting who would stage more. */
const slow = 1_000
/** Bytes staged and not safe that do the same. */
const backlog = 16 * 1_048_576
/** Bytes beyond which nothing more is taken: not everybody who stages can be kept waiting. */
const most = 4 * backlog

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
  readonly #stager: Stager
  readonly #context: PipelineContext
  #spare = new Batch()
  #flight: Buffer | null = null
  #enlisted = false
  #timer: NodeJS.Timeout | null = null
  #slow: NodeJS.Timeout | null = null
  #begun = 0
  #touched = false
  /** The last attempt to make something safe was in vain. */
  #failed = false
  /** A batch is in the tables that could not be synced. */
  #unsynced = false
  /** The end of what is on its way, for who waits for it. */
  #ending: PromiseWithResolvers<void> | null = null
  #ended = false
  /** The last position the watcher was told is synced. */
  #synced: number

  constructor(context: PipelineContext, stager: Stager) {
    this.#context = context
    this.#stager = stager
    this.#synced = context.tables.last().position
    this.position = this.#synced + 1
  }

  /** Something is staged. */
  get pending(): boolean {
    return this.#touched
  }

  get full(): boolean {
    return this.#staged > backlog
  }

  /** Bytes staged and not on their way. */
  get #staged(): number {
    return this.#stager.held() + this.batch.length
  }

  /** Something was staged. */
  changed(): void {
    this.#touched = true
    const staged = this.#staged
    if (staged > most) this.#tell('failing', 'the disk is too slow for what comes')
    else if (staged > backlog && this.condition === 'ok') this.#tell('behind', 'too much is staged')
    if (this.#enlisted || this.#flight !== null || this.#timer !== null) return
    this.#enlisted = true
    this.#context.turn.enlist(this)
  }

  flush(): void {
    this.#enlisted = false
    if (this.#flight !== null || this.#timer !== null || !this.#touched) return
    const since = performance.now() - this.#begun
    const wait = Math.ceil(this.#context.gap - since)
    if (wait <= 0 && !this.#mayWait(since)) this.#begin()
    else this.#timer = setTimeout(() => this.#due(), Math.max(1, wait))
  }

  /** Resolves when everything staged is safe. Rejects when it cannot be made so; it is not tried any more then. */
  async drain(): Promise<void> {
    this.#ended = true
    while (this.#touched || this.#synced < this.position - 1) {
      if (this.#timer !== null) clearTimeout(this.#timer)
      this.#timer = null
      if (this.#failed) throw new Error('what was staged last could not be made safe')
      this.#ending = Promise.withResolvers()
      if (this.#flight === null && this.#touched) this.#begin()
      await this.#ending.promise
    }
  }

  #due(): void {
    this.#timer = null
    if (this.#flight === null) this.flush()
    else this.#apply(this.#flight)
  }

  /** `since` the last commit began. */
  #mayWait(since: number): boolean {
    return since < longest && this.#staged < backlog / 4 && this.#stager.worthWaiting()
  }

  #begin(): void {
    this.#stager.complete()
    this.#begun = performance.now()
    this.#touched = false
    this.#flight = this.batch.seal(this.position, this.#context.clock.wall())
    const full = this.batch
    this.batch = this.#spare
    this.#spare = full
    this.position++
    this.#apply(this.#flight)
  }

  #apply(batch: Buffer): void {
    const position = this.position - 1
    this.#slow ??= setTimeout(() => this.#late(), slow).unref()
    const { committed, synced } = this.#context.tables.apply(batch)
    let applied = false
    committed.then(
      () => {
        applied = true
        this.#done(position)
      },
      (error: unknown) => this.#retry(error),
    )
    synced.then(
      () => this.#safe(position),
      (error: unknown) => {
        if (applied && position > this.#synced) this.#syncAgain(error)
      },
    )
  }

  #done(position: number): void {
    if (this.#slow !== null) clearTimeout(this.#slow)
    this.#slow = null
    this.#flight = null
    this.#spare.clear()
    this.#stager.applied(position)
    this.watcher.committed(position)
    if (!this.#unsynced) this.#well()
    if (this.#touched && this.#ending === null) this.flush()
  }

  #safe(position: number): void {
    // Syncs go on side by side: a later one, which covers it, may have ended before.
    if (position <= this.#synced) return
    this.#synced = position
    this.#unsynced = false
    this.watcher.synced(position)
    this.#well()
    this.#ending?.resolve()
    this.#ending = null
    if (this.#touched) this.changed()
  }

  /** The next batch will be synced together with the one that was not. */
  #syncAgain(error: unknown): void {
    this.#unsynced = true
    this.#fail(error)
    this.#touched = true
    if (this.#flight === null && !this.#ended) this.#timer ??= setTimeout(() => this.#due(), patience).unref()
  }

  #retry(error: unknown): void {
    this.#fail(error)
    if (this.#timer === null && !this.#ended) this.#timer = setTimeout(() => this.#due(), patience).unref()
  }

  #well(): void {
    this.#failed = false
    this.#tell('ok', '')
  }

  #fail(error: unknown): void {
    this.#failed = true
    this.#tell('failing', error instanceof Error ? error.message : String(error))
    this.#ending?.reject(error instanceof Error ? error : new Error(String(error)))
    this.#ending = null
  }

  #late(): void {
    this.#slow = null
    if (this.condition === 'ok' && this.#flight !== null) this.#tell('behind', 'a commit takes long')
  }

  #tell(condition: StoreCondition, why: string): void {
    if (condition === this.condition) return
    this.condition = condition
    this.watcher.condition(condition, why)
  }
}
