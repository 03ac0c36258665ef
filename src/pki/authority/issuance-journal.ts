import { type FileHandle, open } from 'node:fs/promises'
import { BrokerError } from '../../base/errors.ts'
import { type IssuanceEvent, readEvent, writeEvent } from './issuance-event.ts'

/** Bytes read between two chances for others. */
const chunk = 1 << 20

/**
 * The file in which an authority writes down, before it gives a certificate out, that it did, and everything else it does:
 * one JSON object a line. Lines are only ever added. What follows the last end of a line was not safe when its process
 * ended, and nothing was given out for it: it is not read, and the next line takes its place.
 */
export class IssuanceJournal {
  readonly #path: string
  readonly #take: (event: IssuanceEvent) => void
  /** Up to where it was read, and how many lines that were. */
  #offset = 0
  #lines = 0

  /** `take` is called with every event, in their order, once. */
  constructor(path: string, take: (event: IssuanceEvent) => void) {
    this.#path = path
    this.#take = take
  }

  /**
   * Reads what was added since the last time.
   *
   * @throws BrokerError CA_UNUSABLE when it has a line that cannot be read.
   */
  async read(): Promise<void> {
    const file = await openOrNull(this.#path)
    if (file === null) return
    try {
      const { size } = await file.stat()
      if (size < this.#offset) throw this.#damaged(`it was longer before: ${size} of ${this.#offset} bytes are left`)
      await this.#readFrom(file)
    } finally {
      await file.close()
    }
  }

  /** Resolves when the events are safe on the disk. The journal must have been read to its end, and nobody else may write. */
  async append(events: readonly IssuanceEvent[]): Promise<void> {
    const text = events.map((event) => `${JSON.stringify(writeEvent(event))}\n`).join('')
    await using file = await open(this.#path, 'a', 0o600)
    const { size } = await file.stat()
    if (size !== this.#offset) await this.#cutTornLine(file, size)
    await file.appendFile(text)
    await file.sync()
    this.#offset += Buffer.byteLength(text)
    this.#lines += events.length
    for (const event of events) this.#take(event)
  }

  /** Only what has no end may go: a whole line that was not read is somebody else's, who was to be kept out. */
  async #cutTornLine(file: FileHandle, size: number): Promise<void> {
    const rest = Buffer.alloc(Math.max(0, size - this.#offset))
    await using reader = await open(this.#path, 'r')
    await reader.read(rest, 0, rest.length, this.#offset)
    if (size < this.#offset || rest.includes('\n')) throw this.#damaged('it was changed meanwhile')
    await file.truncate(this.#offset)
  }

  async #readFrom(file: FileHandle): Promise<void> {
    const buffer = Buffer.allocUnsafe(chunk)
    let pending = Buffer.alloc(0)
    let position = this.#offset
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunk, position)
      if (bytesRead === 0) return
      position += bytesRead
      const bytes = Buffer.concat([pending, buffer.subarray(0, bytesRead)])
      const end = bytes.lastIndexOf('\n') + 1
      for (const line of bytes.toString('utf8', 0, end).split('\n').slice(0, -1)) this.#takeLine(line)
      this.#offset += end
      pending = bytes.subarray(end)
      if (pending.length > chunk) throw this.#damaged(`line ${this.#lines + 1} has no end`)
    }
  }

  #takeLine(line: string): void {
    this.#lines += 1
    const event = readEvent(line)
    if (typeof event === 'string') throw this.#damaged(`line ${this.#lines}: ${event}`)
    if (event !== null) this.#take(event)
  }

  #damaged(what: string): BrokerError {
    const advice = 'bring it back from a backup; without it, it is not known what was issued and revoked'
    return new BrokerError('CA_UNUSABLE', `${this.#path}: ${what}: ${advice}`)
  }
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
