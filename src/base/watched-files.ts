import { type StatsListener, unwatchFile, watchFile } from 'node:fs'

/** Milliseconds between two looks at a file. */
const interval = 500

/** Tells when files change, are replaced, appear or go: by looking at them, which works for links and mounts, too. */
export class WatchedFiles {
  readonly #watches = new Set<Watch>()

  /** Calls `changed` after each change of the file at `path`, until the returned function is called. */
  add(path: string, changed: () => void): () => void {
    const seen: StatsListener = (now, before) => {
      const same = now.mtimeMs === before.mtimeMs && now.size === before.size && now.ino === before.ino
      if (!same || now.ctimeMs !== before.ctimeMs) changed()
    }
    const watch = { path, changed, seen }
    this.#watches.add(watch)
    watchFile(path, { interval, persistent: false }, seen)
    return () => this.#remove(watch)
  }

  /** Has every file looked at again, as if it had changed. */
  reload(): void {
    for (const { changed } of [...this.#watches]) changed()
  }

  close(): void {
    for (const watch of [...this.#watches]) this.#remove(watch)
  }

  #remove(watch: Watch): void {
    this.#watches.delete(watch)
    unwatchFile(watch.path, watch.seen)
  }
}

interface Watch {
  readonly path: string
  readonly changed: () => void
  readonly seen: StatsListener
}
