import { rmSync } from 'node:fs'
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileProblem, readBoundedFile } from '../base/bounded-file.ts'
import { Failure } from './failure.ts'

const maximumBytes = 64 * 1_048_576

/** How a new file is to be read, and who may read a changed one at the most besides its owner: its group. */
const privately = 0o600
const notByOthers = 0o660

/**
 * Replaces the text of a file as a whole: who reads it sees the old one or the new one, also after a power cut. `change`
 * is told null when there is no file. While it runs, nobody else can change the file with this command.
 */
export async function changeFile(
  path: string,
  change: (text: string | null) => Promise<string> | string,
): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const draft = `${target}.new`
  const handle = await openDraft(draft, path)
  const interrupted = () => {
    rmSync(draft, { force: true })
    process.exit(130)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    await writeDraft(handle, target, await change(readText(target)))
    await rename(draft, target)
    await syncFolder(dirname(target))
  } catch (error) {
    await rm(draft, { force: true })
    throw error instanceof Error && 'syscall' in error ? new Failure(`${path}: ${fileProblem(error)}`) : error
  } finally {
    await handle.close()
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
  }
}

async function openDraft(draft: string, path: string): Promise<FileHandle> {
  try {
    return await open(draft, 'wx', privately)
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    if (taken) throw new Failure(`${path} is being changed by another command; if that has ended, remove ${draft}`)
    throw new Failure(`${draft} cannot be written: ${fileProblem(error)}`)
  }
}

async function writeDraft(handle: FileHandle, target: string, text: string): Promise<void> {
  await handle.writeFile(text)
  const present = await stat(target).catch(() => null)
  if (present !== null) {
    await keepOwner(handle, present.uid, present.gid, target)
    await handle.chmod((present.mode & notByOthers) | privately)
  }
  await handle.sync()
}

/** A broker that runs as another user must be able to read the file afterwards, too. */
async function keepOwner(handle: FileHandle, uid: number, gid: number, target: string): Promise<void> {
  const own = await handle.stat()
  if (own.uid === uid && own.gid === gid) return
  try {
    await handle.chown(uid, gid)
  } catch {
    console.error(`petaltail: ${target} belongs to another user or group, and now to you: check who must read it`)
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}

/** The text of a file, or null when it is not there. */
function readText(path: string): string | null {
  let text: string | null
  try {
    text = readBoundedFile(path, maximumBytes)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new Failure(`${path}: ${fileProblem(error)}`)
  }
  if (text === null) throw new Failure(`${path}: the file is larger than ${maximumBytes / 1_048_576} MiB`)
  // What stands for bytes that are not UTF-8: they would be lost.
  if (text.includes('\ufffd')) throw new Failure(`${path}: the file is not UTF-8 text`)
  return text
}
