import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk of a few megabytes, in memory. */
export class SmallDisk implements Disposable {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Null where one may not mount. */
  static mount(megabytes: number): SmallDisk | null {
    const path = mkdtempSync(join(tmpdir(), 'petaltail-disk-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
      return new SmallDisk(path)
    } catch {
      rmdirSync(path)
      return null
    }
  }

  /** Changes its size, or whether it can be written. */
  remount(options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, this.path], { stdio: 'ignore' })
  }

  get free(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-l', this.path])
    rmdirSync(this.path)
  }
}
