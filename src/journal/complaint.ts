import type { Log } from '../base/log.ts'

/** The health of the disk, said once when it changes. */
export class Complaint {
  readonly #log: Log
  readonly #directory: string
  #failing = false

  constructor(log: Log, directory: string) {
    this.#log = log
    this.#directory = directory
  }

  failed(error: unknown): void {
    if (this.#failing) return
    this.#failing = true
    const why = error instanceof Error ? error.message : String(error)
    this.#log.error('the journal cannot be written; the broker runs on, and tries again', {
      directory: this.#directory,
      why,
    })
  }

  worked(): void {
    if (this.#failing) this.#log.info('the journal is written again', { directory: this.#directory })
    this.#failing = false
  }
}
