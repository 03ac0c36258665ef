import { statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokerError } from '../base/errors.ts'
import { type Audit, audit } from './audit.ts'
import { copyReadable } from './copy-readable.ts'
import { Environment } from './environment.ts'
import { dataFile, lockOf, nextFile, removeData, renameDurably, syncFile } from './files.ts'
import { alone, explained, reading, refuseMissing } from './store-access.ts'
import { isRight } from './verify.ts'

/** What was copied, and how large it was and is, in bytes. */
export interface Copied {
  readonly before: number
  readonly after: number
  readonly audit: Audit
}

/**
 * Copies a store, without its free space, into another directory: all of it as it was after one commit, also while a
 * broker runs. The copy was looked at and is synced when this returns.
 *
 * @throws BrokerError STORE_MISSING, STORE_EXISTS, STORE_DAMAGED, STORE_UNUSABLE
 */
export async function backupStore(directory: string, target: string): Promise<Copied> {
  refuseMissing(directory)
  return await alone(await made(target), async () => {
    const path = join(target, dataFile)
    if (exists(path)) throw new BrokerError('STORE_EXISTS', `there is a store in ${target} already`)
    const copied = await reading(directory, async () => await copyTo(directory, target))
    await renameDurably(target, join(target, nextFile), path)
    return copied
  })
}

/**
 * Gives the free space of a store back to the file system. No broker may run.
 *
 * @throws BrokerError STORE_MISSING, STORE_LOCKED, STORE_DAMAGED, STORE_UNUSABLE; the store is as it was then.
 */
export async function compactStore(directory: string): Promise<Copied> {
  refuseMissing(directory)
  return await alone(directory, async () => {
    const copied = await copyTo(directory, directory)
    await renameDurably(directory, join(directory, nextFile), join(directory, dataFile))
    return copied
  })
}

async function copyTo(directory: string, target: string): Promise<Copied> {
  const from = join(directory, dataFile)
  const { findings } = audit(from)
  if (findings.length > 0) throw new BrokerError('STORE_DAMAGED', `the store ${directory} is damaged: ${findings[0]}`)
  const to = join(target, nextFile)
  await removeData(to)
  try {
    await copyEntries(from, to)
    const result = audit(to)
    if (result.findings.length > 0)
      throw new BrokerError('STORE_DAMAGED', `the copy of ${directory} is damaged: ${result.findings[0]}`)
    return { before: statSync(from).size, after: statSync(to).size, audit: result }
  } catch (error) {
    await removeData(to)
    throw error
  }
}

/** What is copied entry by entry has no free space. */
async function copyEntries(from: string, to: string): Promise<void> {
  const environment = new Environment(to, { early: false, bulk: true })
  try {
    copyReadable(from, environment, isRight)
  } finally {
    await environment.close()
  }
  syncFile(to)
  await removeData(lockOf(to))
}

async function made(directory: string): Promise<string> {
  await explained(directory, async () => void (await mkdir(directory, { recursive: true, mode: 0o700 })))
  return directory
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
