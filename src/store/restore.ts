import { constants, statSync } from 'node:fs'
import { chmod, copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokerError } from '../base/errors.ts'
import { type Audit, audit } from './audit.ts'
import { inspect } from './data-file.ts'
import { dataFile, makeFolder, moveInto, recoveredFile, removeData, renameDurably, syncFile } from './files.ts'
import { layoutVersion } from './records.ts'
import { alone, explained } from './store-access.ts'

export interface Restored {
  /** Where the store is that was there before, null when there was none. */
  readonly movedTo: string | null
  readonly audit: Audit
}

/**
 * Puts a copy of a backup in the place of a store. `from` is the directory of the backup, or the file in it. With `force`
 * a store that is there is moved aside; no broker may run.
 *
 * @throws BrokerError STORE_MISSING, STORE_DAMAGED, STORE_TOO_NEW, STORE_EXISTS, STORE_LOCKED, STORE_UNUSABLE
 */
export async function restoreStore(from: string, directory: string, force: boolean): Promise<Restored> {
  const source = await explained(from, async () => fileIn(from))
  await explained(directory, async () => void (await mkdir(directory, { recursive: true, mode: 0o700 })))
  return await alone(directory, async () => {
    const path = join(directory, dataFile)
    const there = statSync(path, { throwIfNoEntry: false }) !== undefined
    if (there && !force)
      throw new BrokerError('STORE_EXISTS', `there is a store in ${directory}; --force has it moved aside`)
    const result = await explained(from, async () => judged(from, source))
    // A start after a crash in the middle takes this one when the other is gone, and removes it otherwise.
    const next = join(directory, recoveredFile)
    await removeData(next)
    await copyFile(source, next, constants.COPYFILE_FICLONE)
    await chmod(next, 0o600)
    syncFile(next)
    const movedTo = there ? await makeFolder(directory, 'replaced') : null
    if (movedTo !== null) await moveInto(movedTo, path)
    await renameDurably(directory, next, path)
    return { movedTo, audit: result }
  })
}

function fileIn(from: string): string {
  const stats = statSync(from, { throwIfNoEntry: false })
  const path = stats?.isDirectory() === true ? join(from, dataFile) : from
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    throw new BrokerError('STORE_MISSING', `there is no backup in ${from}`)
  return path
}

function judged(from: string, source: string): Audit {
  const layout = inspect(source)?.layout ?? null
  if (layout !== null && layout > layoutVersion)
    throw new BrokerError('STORE_TOO_NEW', `${from} has layout ${layout}; this version knows ${layoutVersion}`)
  const result = layout === null || layout === layoutVersion ? audit(source) : audit(source, () => true)
  if (result.findings.length > 0) throw new BrokerError('STORE_DAMAGED', `${from} is damaged: ${result.findings[0]}`)
  return result
}
