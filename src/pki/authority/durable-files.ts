import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A file as it is to be; null when it is not to be any more. */
export interface FileState {
  /** Its path in the directory. */
  readonly name: string
  readonly contents: string | Buffer | null
  readonly mode: number
}

/** Makes or replaces a file: whoever reads it sees the old or the new one, also after a power cut. */
export async function writeDurably(path: string, contents: string | Buffer, mode: number): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    await writeSynced(draft, contents, mode)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

const draftFolder = '.writing'
const nextFolder = '.next'
const listFile = 'files.json'

/**
 * Changes several files of a directory, all or none. They are written into a folder beside them, which gets its final name
 * when all of them are safe: from then on the change is made, and `finishReplacing` only moves them to their places.
 */
export async function replaceTogether(directory: string, files: readonly FileState[]): Promise<void> {
  const draft = join(directory, draftFolder)
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  for (const [index, { contents, mode }] of files.entries())
    if (contents !== null) await writeSynced(join(draft, String(index)), contents, mode)
  const list = files.map(({ name, contents }) => ({ name, goes: contents === null }))
  await writeSynced(join(draft, listFile), JSON.stringify(list), 0o600)
  await syncDirectory(draft)
  await rename(draft, join(directory, nextFolder))
  await syncDirectory(directory)
  await finishReplacing(directory)
}

/** A change was decided and not finished: its process ended. */
export function isReplacing(directory: string): boolean {
  return existsSync(join(directory, nextFolder))
}

/** Finishes a change that was decided, by this process or one before it. */
export async function finishReplacing(directory: string): Promise<void> {
  const next = join(directory, nextFolder)
  const list: unknown = JSON.parse(await readFile(join(next, listFile), 'utf8'))
  for (const [index, { name, goes }] of changesIn(list).entries()) {
    const from = join(next, String(index))
    const path = join(directory, name)
    if (goes) await rm(path, { force: true })
    else if (existsSync(from)) await rename(from, path)
    await syncDirectory(dirname(path))
  }
  await rm(next, { recursive: true })
  await syncDirectory(directory)
}

interface Change {
  readonly name: string
  readonly goes: boolean
}

function changesIn(list: unknown): Change[] {
  if (!Array.isArray(list)) throw new Error(`${listFile} is no list`)
  return list.map((entry: unknown) => {
    const isChange = typeof entry === 'object' && entry !== null && 'name' in entry && 'goes' in entry
    if (!isChange || typeof entry.name !== 'string') throw new Error(`${listFile} is no list of files`)
    return { name: entry.name, goes: entry.goes === true }
  })
}

async function writeSynced(path: string, contents: string | Buffer, mode: number): Promise<void> {
  await using file: FileHandle = await open(path, 'wx', mode)
  // What the process masks out of new files is not masked out of these.
  await file.chmod(mode)
  await file.writeFile(contents)
  await file.sync()
}

/** Makes names in a directory survive a power cut, where the system can. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  await using handle = await open(directory, 'r')
  await handle.sync()
}
