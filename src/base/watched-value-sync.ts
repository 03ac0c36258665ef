import { BrokerError } from './errors.ts'
import type { WatchedFiles } from './watched-files.ts'

/** How a value is made of files, and who is told of it. */
export interface SyncMaking<Value> {
  readonly paths: readonly string[]
  /**
   * Reads the files. `before` is the value that is in use, null at the start: given back when the files say the same.
   *
   * @throws BrokerError when they cannot be used.
   */
  readonly read: (before: Value | null) => Value
  /**
   * The file at `path` changed. Either the value is another, or `error` is why what the files said before stays. Must not
   * throw.
   */
  readonly done: (error: BrokerError | null, value: Value, path: string) => void
}

/** A WatchedValue of files so small that they are read at once. */
export class WatchedValueSync<Value> implements Disposable {
  readonly #making: SyncMaking<Value>
  readonly #unwatch: readonly (() => void)[]
  #value: Value

  /** @throws BrokerError when the files cannot be used at the start. */
  constructor(making: SyncMaking<Value>, files: WatchedFiles) {
    this.#making = making
    // The watch begins before they are read, so that no change is missed.
    this.#unwatch = making.paths.map((path) => files.add(path, () => this.#changed(path)))
    try {
      this.#value = making.read(null)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  get value(): Value {
    return this.#value
  }

  /** Nothing is read and nobody told after this. */
  [Symbol.dispose](): void {
    for (const stop of this.#unwatch) stop()
  }

  #changed(path: string): void {
    const { read, done } = this.#making
    const before = this.#value
    try {
      this.#value = read(before)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      return done(error, before, path)
    }
    if (this.#value !== before) done(null, this.#value, path)
  }
}
