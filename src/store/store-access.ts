import { statSync } from 'node:fs'
import { join } from 'node:path'
import { BrokerError } from '../base/errors.ts'
import { describeStatus } from './environment.ts'
import { dataFile } from './files.ts'
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

/**
 * The id of the process that has a store open, null when there is none.
 *
 * @throws BrokerError STORE_MISSING
 */
export async function holderOf(directory: string): Promise<string | null> {
  if (statSync(join(directory, dataFile), { throwIfNoEntry: false }) === undefined)
    throw new BrokerError('STORE_MISSING', `there is no store in ${directory}`)
  return await StoreLock.holder(directory)
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
