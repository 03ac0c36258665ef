import { type StatsListener, unwatchFile, watchFile } from 'node:fs'

/** Milliseconds between two looks at a file. */
const interval = 500

/** Tells when files change, are replaced, appear or go: by looking at them, which works for links and mounts, too. */
export class WatchedFiles {
  readonly #files = new Map<string, WatchedFile>()

  /** Calls `changed` after each change of the file at `path`, until the returned function is called. */
  add(path: string, changed: () => void): () => void {
    const file = this.#files.get(path) ?? new WatchedFile(path)
    this.#files.set(path, file)
    // The same function may be given twice.
    const observer = () => changed()
    file.observers.add(observer)
    return () => {
      file.observers.delete(observer)
      if (file.observers.size > 0 || this.#files.get(path) !== file) return
      file.close()
      this.#files.delete(path)
    }
  }

  /** Has every file looked at again, as if it had changed. */
  reload(): void {
    for (const file of [...this.#files.values()]) file.tell()
  }

  close(): void {
    for (const file of this.#files.values()) file.close()
    this.#files.clear()
  }
}

class WatchedFile {
  readonly observers = new Set<() => void>()
  readonly #path: string
  readonly #seen: StatsListener

  constructor(path: string) {
    this.#path = path
    this.#seen = (now, before) => {
      const same = now.mtimeMs === before.mtimeMs && now.size === before.size && now.ino === before.ino
      if (!same || now.ctimeMs !== before.ctimeMs) this.tell()
    }
    watchFile(path, { interval, persistent: false }, this.#seen)
  }

  tell(): void {
    for (const observer of [...this.observers]) observer()
  }

  close(): void {
    unwatchFile(this.#path, this.#seen)
  }
}
