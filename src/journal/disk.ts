import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The part of a file system that a journal needs to be written. */
export interface JournalDisk {
  /** Makes the directory when it is missing; only its owner may look into it. */
  prepare(directory: string): Promise<void>
  list(directory: string): Promise<readonly StoredFile[]>
  /** Opens a file to add to it. It is made when it is missing, in a way that survives a power cut. */
  open(directory: string, name: string): Promise<JournalFile>
  remove(directory: string, name: string): Promise<void>
}

export interface StoredFile {
  readonly name: string
  readonly size: number
  /** When it was last written, in wall-clock milliseconds. */
  readonly modified: number
}

export interface JournalFile {
  write(bytes: Buffer): Promise<void>
  /** Has what was written survive a power cut. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

/** The file system of this machine. */
export const systemDisk: JournalDisk = {
  async prepare(directory) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  },

  async list(directory) {
    const found: StoredFile[] = []
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (!entry.isFile()) continue
      const { size, mtimeMs } = await stat(join(directory, entry.name))
      found.push({ name: entry.name, size, modified: mtimeMs })
    }
    return found
  },

  async open(directory, name) {
    const handle = await open(join(directory, name), 'a', 0o600)
    await syncNames(directory)
    return new SystemFile(handle)
  },

  async remove(directory, name) {
    await rm(join(directory, name), { force: true })
  },
}

class SystemFile implements JournalFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#handle.appendFile(bytes)
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
    // What is written to a file without a name is for nobody.
    if ((await this.#handle.stat()).nlink === 0) throw new Error('the file was removed')
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

async function syncNames(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
