import { statSync } from 'node:fs'
import { join } from 'node:path'
import { BrokerError } from '../base/errors.ts'
import { describeStatus } from './environment.ts'
import { dataFile } from './files.ts'
import { beside, holderOf } from './store-holder.ts'
import { StoreLock } from './store-lock.ts'

/** Does something with a store; what the system has against it becomes a BrokerError STORE_UNUSABLE. */
export async function explained<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BrokerError || !(error instanceof Error) || !('code' in error)) throw error
    const why = typeof error.code === 'number' ? describeStatus(error.code, directory).text : error.message
    throw new BrokerError('STORE_UNUSABLE', `the store ${directory} cannot be used: ${why}`, { cause: error })
  }
}

/** Keeps every broker away from a store while something is done with it. */
export async function alone<T>(directory: string, work: () => Promise<T>): Promise<T> {
  return await explained(directory, async () => {
    const lock = await StoreLock.take(directory)
    try {
      return await work()
    } finally {
      await lock.release()
    }
  })
}

/**
 * Reads a store, whether a broker has it open or not. LMDB must not do that: in a second process, opening the file alone
 * can make the first forget its last commit.
 *
 * @throws BrokerError STORE_MISSING, STORE_UNUSABLE
 */
export async function reading<T>(directory: string, work: (holder: string | null) => Promise<T>): Promise<T> {
  return await explained(directory, async () => {
    refuseMissing(directory)
    const holder = await holderOf(directory)
    return holder === null ? await work(null) : await beside(directory, async () => await work(holder))
  })
}

/** @throws BrokerError STORE_MISSING */
export function refuseMissing(directory: string): void {
  if (statSync(join(directory, dataFile), { throwIfNoEntry: false }) === undefined)
    throw new BrokerError('STORE_MISSING', `there is no store in ${directory}`)
}
