import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { BrokerError } from '../../base/errors.ts'

/** Milliseconds to wait for another process that changes the same authority. */
const patience = 30_000
/** Milliseconds between two tries, at most. */
const pause = 20

/** The last one in line for each directory, in this process. */
const lines = new Map<string, Promise<unknown>>()

/**
 * Does `work` while nobody else, in this process or another, does any in the same directory. The system keeps the lock, and
 * takes it back when the process ends, however that happens. It is that of an SQLite database without contents: of all
 * that comes with Node, only that asks the system for one.
 *
 * @throws BrokerError CA_BUSY when another process does not come to an end.
 */
export async function exclusively<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  const place = realpathSync(directory)
  const before = lines.get(place) ?? Promise.resolve()
  const mine = before.then(() => withLock(place, work))
  const over = mine.catch(() => {})
  lines.set(place, over)
  try {
    return await mine
  } finally {
    if (lines.get(place) === over) lines.delete(place)
  }
}

async function withLock<Result>(place: string, work: () => Promise<Result>): Promise<Result> {
  using database = new DatabaseSync(join(place, 'lock'), { timeout: 0 })
  await take(database, place)
  return await work()
}

async function take(database: DatabaseSync, place: string): Promise<void> {
  const deadline = performance.now() + patience
  while (!tryToTake(database)) {
    if (performance.now() > deadline)
      throw new BrokerError('CA_BUSY', `another process works on the authority in ${place}`)
    // Those who wait must not all try at the same time.
    await delay(1 + Math.random() * pause)
  }
}

const busy = 5

function tryToTake(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return false
    throw error
  }
}
