import type { JournalDisk, JournalFile, StoredFile } from './disk.ts'

/** How much is kept, and for how many milliseconds. */
export interface Extent {
  readonly bytes: number
  readonly age: number
}

/** The bytes of one file: small ones let go of little at a time. */
const largest = 4 * 1_048_576
const smallest = 65_536
/** Parts that make up all that is kept. */
const parts = 8
/** Milliseconds between two looks at what is too old. */
const expiryInterval = 60_000

/** The name of a segment: what is in it, and its number. */
function segmentName(drawer: string, number: number): string {
  return `${drawer}-${String(number).padStart(8, '0')}.jsonl`
}

/** The number of a segment of `drawer`, or null for another file. */
export function segmentNumber(drawer: string, name: string): number | null {
  if (!name.startsWith(`${drawer}-`)) return null
  const digits = /^(\d{8,15})\.jsonl$/.exec(name.slice(drawer.length + 1))?.[1]
  return digits === undefined ? null : Number(digits)
}

interface Segment extends StoredFile {
  readonly number: number
}

/**
 * Files that are only ever added to, one after the other; when they take too much room together the oldest goes. One call
 * at a time.
 */
export class Segments {
  readonly #directory: string
  readonly #drawer: string
  readonly #extent: Extent
  readonly #disk: JournalDisk
  readonly #segmentBytes: number
  /** Those that are complete, oldest first. */
  #complete: Segment[] = []
  #file: JournalFile | null = null
  #number = 0
  #size = 0
  #begun = 0
  #written = 0
  #unsynced = false
  #expired = 0

  constructor(directory: string, drawer: string, extent: Extent, disk: JournalDisk) {
    this.#directory = directory
    this.#drawer = drawer
    this.#extent = extent
    this.#disk = disk
    this.#segmentBytes = Math.max(smallest, Math.min(largest, Math.floor(extent.bytes / parts)))
  }

  /** Adds whole lines. When that fails nothing of them stays, as far as the disk can do that. */
  async append(bytes: Buffer, now: number): Promise<void> {
    const file = this.#file ?? (await this.#resume(now))
    const isFull = this.#size > 0 && this.#size + bytes.length > this.#segmentBytes
    const isOld = this.#size > 0 && now - this.#begun > this.#extent.age / parts
    await this.#write(isFull || isOld ? await this.#turn(now) : file, bytes)
    this.#written = now
  }

  /** Has what was added survive a power cut, and lets go of what is too old. */
  async sync(now: number): Promise<void> {
    if (this.#unsynced && this.#file !== null) {
      try {
        await this.#file.sync()
      } catch (error) {
        await this.#abandon()
        throw error
      }
      this.#unsynced = false
    }
    if (Math.abs(now - this.#expired) < expiryInterval) return
    this.#expired = now
    await this.#expire(now)
  }

  async close(): Promise<void> {
    await this.#abandon()
  }

  async #write(file: JournalFile, bytes: Buffer): Promise<void> {
    this.#unsynced = true
    try {
      await file.write(bytes)
      this.#size += bytes.length
    } catch (error) {
      await file.truncate(this.#size).catch(() => {})
      await this.#abandon()
      throw error
    }
  }

  /** Goes on where this process, or the one before it, stopped. */
  async #resume(now: number): Promise<JournalFile> {
    await this.#disk.prepare(this.#directory)
    const found = (await this.#disk.list(this.#directory)).flatMap((file) => {
      const number = segmentNumber(this.#drawer, file.name)
      return number === null ? [] : { ...file, number }
    })
    this.#complete = found.sort((a, b) => a.number - b.number)
    const last = this.#complete[this.#complete.length - 1]
    if (last === undefined || last.size >= this.#segmentBytes) return await this.#open((last?.number ?? 0) + 1, 0, now)
    this.#complete.pop()
    const file = await this.#open(last.number, last.size, now)
    // What was torn off at the end must not take the next line along.
    if (last.size > 0) await this.#write(file, Buffer.from('\n'))
    return file
  }

  async #turn(now: number): Promise<JournalFile> {
    if (this.#unsynced) await this.#file?.sync()
    const name = segmentName(this.#drawer, this.#number)
    this.#complete.push({ name, number: this.#number, size: this.#size, modified: this.#written })
    await this.#abandon()
    return await this.#open(this.#number + 1, 0, now)
  }

  async #open(number: number, size: number, now: number): Promise<JournalFile> {
    await this.#makeRoom()
    const file = await this.#disk.open(this.#directory, segmentName(this.#drawer, number))
    this.#file = file
    this.#number = number
    this.#size = size
    this.#begun = now
    this.#written = now
    return file
  }

  async #makeRoom(): Promise<void> {
    let sum = this.#segmentBytes
    for (const { size } of this.#complete) sum += size
    while (sum > this.#extent.bytes) {
      const oldest = this.#complete[0]
      if (oldest === undefined) return
      await this.#remove(oldest.name)
      this.#complete.shift()
      sum -= oldest.size
    }
  }

  async #expire(now: number): Promise<void> {
    const limit = now - this.#extent.age
    for (let oldest = this.#complete[0]; oldest !== undefined && oldest.modified < limit; oldest = this.#complete[0]) {
      await this.#remove(oldest.name)
      this.#complete.shift()
    }
    if (this.#file === null || this.#size === 0 || this.#written >= limit) return
    await this.#abandon()
    await this.#remove(segmentName(this.#drawer, this.#number))
  }

  async #remove(name: string): Promise<void> {
    await this.#disk.remove(this.#directory, name)
  }

  /** The next line begins with another look at what is there. */
  async #abandon(): Promise<void> {
    const file = this.#file
    this.#file = null
    this.#unsynced = false
    // What it could not keep is said by whoever noticed.
    await file?.close().catch(() => {})
  }
}
