import { type BigIntStats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

/** Milliseconds between two looks at a file. */
const interval = 500

/** Tells when files change, are replaced, appear or go: by looking at them, which works for links and mounts, too. */
export class WatchedFiles {
  readonly #files = new Map<string, WatchedFile>()
  #timer: NodeJS.Timeout | null = null
  #looking = false

  /** Calls `changed` after each change of the file at `path` from now on, until the returned function is called. */
  add(path: string, changed: () => void): () => void {
    const file = this.#files.get(path) ?? new WatchedFile(path)
    this.#files.set(path, file)
    this.#timer ??= setInterval(() => void this.#look(), interval).unref()
    // The same function may be given twice.
    const observer = () => changed()
    file.observers.add(observer)
    return () => {
      file.observers.delete(observer)
      if (file.observers.size === 0 && this.#files.get(path) === file) this.#files.delete(path)
    }
  }

  /** Has every file looked at again, as if it had changed. */
  reload(): void {
    for (const file of [...this.#files.values()]) file.tell()
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    for (const file of this.#files.values()) file.observers.clear()
    this.#files.clear()
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    const files = [...this.#files.values()]
    const changed = await Promise.all(files.map((file) => file.look()))
    this.#looking = false
    // Files that changed together are told of together.
    files.forEach((file, index) => {
      if (changed[index] === true) file.tell()
    })
  }
}

class WatchedFile {
  readonly observers = new Set<() => void>()
  readonly #path: string
  /** What the file looked like when it was last looked at, the first time at once: no change is missed. */
  #seen: string

  constructor(path: string) {
    this.#path = path
    this.#seen = looks(statNow(path))
  }

  /** True when it changed since the last look. */
  async look(): Promise<boolean> {
    const now = looks(await stat(this.#path, { bigint: true }).catch(() => undefined))
    const changed = now !== this.#seen
    this.#seen = now
    return changed
  }

  tell(): void {
    for (const observer of [...this.observers]) observer()
  }
}

/** A file that cannot be looked at is as good as none. */
function statNow(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return undefined
  }
}

function looks(stats: BigIntStats | undefined): string {
  return stats === undefined ? '' : `${stats.mtimeNs} ${stats.ctimeNs} ${stats.size} ${stats.ino}`
}
