import { statSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokerError } from '../base/errors.ts'
import { type Audit, audit } from './audit.ts'
import { Environment } from './environment.ts'
import { dataFile, nextFile, removeData, renameDurably, syncFile } from './files.ts'
import { alone, explained, holderOf } from './store-access.ts'

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
  const holder = await holderOf(directory)
  return await alone(await made(target), async () => {
    const path = join(target, dataFile)
    if (exists(path)) throw new BrokerError('STORE_EXISTS', `there is a store in ${target} already`)
    const copy = (): Promise<Copied> => copyTo(directory, target)
    const copied = holder === null ? await alone(directory, async () => await wholly(directory, copy)) : await copy()
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
  await holderOf(directory)
  return await alone(directory, async () => {
    const copied = await wholly(directory, () => copyTo(directory, directory))
    await renameDurably(directory, join(directory, nextFile), join(directory, dataFile))
    return copied
  })
}

/** LMDB is not to be let near a file that is damaged. */
async function wholly<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const { findings } = audit(join(directory, dataFile))
  if (findings.length > 0) throw new BrokerError('STORE_DAMAGED', `the store ${directory} is damaged: ${findings[0]}`)
  return await work()
}

async function copyTo(directory: string, target: string): Promise<Copied> {
  const path = join(target, nextFile)
  await removeData(path)
  try {
    await copyPages(join(directory, dataFile), path)
    const result = audit(path)
    if (result.findings.length > 0)
      throw new BrokerError('STORE_DAMAGED', `the copy of ${directory} is damaged: ${result.findings[0]}`)
    return { before: statSync(join(directory, dataFile)).size, after: statSync(path).size, audit: result }
  } catch (error) {
    await removeData(path)
    throw error
  }
}

async function copyPages(from: string, to: string): Promise<void> {
  const before = process.umask(0o077)
  const environment = new Environment(from, { early: false, readOnly: true })
  try {
    await environment.root.backup(to, true)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new BrokerError('STORE_UNUSABLE', `${from} cannot be copied to ${to}: ${why}`, { cause: error })
  } finally {
    await environment.close()
    process.umask(before)
  }
  await chmod(to, 0o600)
  syncFile(to)
}

async function made(directory: string): Promise<string> {
  await explained(directory, async () => void (await mkdir(directory, { recursive: true, mode: 0o700 })))
  return directory
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
