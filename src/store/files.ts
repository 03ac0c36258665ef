import { closeSync, fsyncSync, openSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** The name of the file with the tables in the directory of a store. LMDB keeps another beside it, see `lockOf`. */
export const dataFile = 'data.mdb'
/** A file that takes the place of the other when it is finished. */
export const nextFile = 'next.mdb'
/** One that takes its place when the damaged one has been moved aside. */
export const recoveredFile = 'recovered.mdb'

/** Where LMDB notes who reads and writes. It means nothing once nobody does. */
export function lockOf(path: string): string {
  return `${path}-lock`
}

/** Renames so that it survives a power cut. Both must be in `directory`, or below. */
export async function renameDurably(directory: string, from: string, to: string): Promise<void> {
  await rename(from, to)
  syncDirectory(directory)
}

/** Makes what was done to the names in a directory survive a power cut, where the system can. */
export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export async function removeData(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await rm(lockOf(path), { force: true })
}

/** Makes a folder in `directory` that is named for what is in it and for the time, and that did not exist. */
export async function makeFolder(directory: string, what: string): Promise<string> {
  const time = new Date().toISOString().replaceAll(':', '-').replace(/\..*/, '')
  for (let number = 1; ; number++) {
    const path = join(directory, `${what}-${time}${number === 1 ? '' : `-${number}`}`)
    try {
      await mkdir(path, { mode: 0o700 })
      return path
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}

/** Moves the data file at `path` into a folder. What LMDB keeps beside it is removed. */
export async function moveInto(folder: string, path: string): Promise<void> {
  await rename(path, join(folder, basename(path)))
  await rm(lockOf(path), { force: true })
}
