import { setImmediate } from 'node:timers/promises'
import type { WatchedFiles } from './watched-files.ts'

/** How a value is made of files, and who is told of it. */
export interface Making<Value> {
  readonly paths: readonly string[]
  /** Reads the files. `before` is the value that is in use, null at the start. Rejects when they cannot be used. */
  readonly read: (before: Value | null) => Promise<Value>
  /**
   * The files changed and were read, and the value may be another: `error` is null when it is what they say now, else it
   * is why what they said before stays. Must not throw.
   */
  readonly done: (error: unknown, value: Value) => void
}

/**
 * Something made of files: as they are now; when they become ones that cannot be used, as they were before. Files that
 * change together are read together.
 */
export class WatchedValue<Value> {
  readonly #making: Making<Value>
  readonly #unwatch: readonly (() => void)[]
  #value: Value
  #reading: Promise<void> | null = null
  #again = false
  #closed = false

  /** Rejects when the files cannot be used at the start. */
  static async open<Value>(making: Making<Value>, files: WatchedFiles): Promise<WatchedValue<Value>> {
    // The watch begins before they are read, so that no change is missed.
    let changed = false
    const note = {
      changed: () => {
        changed = true
      },
    }
    const unwatch = making.paths.map((path) => files.add(path, () => note.changed()))
    try {
      const watched = new WatchedValue(making, await making.read(null), unwatch)
      note.changed = () => watched.#changed()
      if (changed) watched.#changed()
      return watched
    } catch (error) {
      for (const stop of unwatch) stop()
      throw error
    }
  }

  private constructor(making: Making<Value>, value: Value, unwatch: readonly (() => void)[]) {
    this.#making = making
    this.#value = value
    this.#unwatch = unwatch
  }

  get value(): Value {
    return this.#value
  }

  /** The files changed, and what they say now is not known yet. */
  get stale(): boolean {
    return this.#again || this.#reading !== null
  }

  /** Nothing is read and nobody told after this. */
  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#unwatch) stop()
    await this.#reading
  }

  #changed(): void {
    this.#again = true
    this.#reading ??= this.#catchUp()
  }

  /** Files that change while they are read are read again. */
  async #catchUp(): Promise<void> {
    let error: unknown = null
    while (this.#again) {
      // Others have their turn before what may take long, and after it.
      await setImmediate()
      if (this.#closed) return
      this.#again = false
      error = await this.#read()
      await setImmediate()
    }
    this.#reading = null
    if (!this.#closed) this.#making.done(error, this.#value)
  }

  async #read(): Promise<unknown> {
    try {
      const value = await this.#making.read(this.#value)
      if (!this.#closed) this.#value = value
      return null
    } catch (error) {
      return error ?? new Error('unknown')
    }
  }
}
