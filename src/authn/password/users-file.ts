import { isUtf8 } from 'node:buffer'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileProblem } from '../../base/bounded-file.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { maximumUsersYamlBytes } from '../../config/users.ts'
import type { UserTable } from './users.ts'
import { readPasswordLines } from './users-lines.ts'
import { readUsersYaml } from './users-yaml.ts'

const maximumLinesBytes = 64 * 1_048_576
const byteOrderMark = 0xfeff

/** The users of a file, as it is now; when it becomes one that cannot be used, as it was before. */
export class UsersFile {
  readonly path: string
  readonly #log: Log
  readonly #unwatch: () => void
  #users: UserTable
  #changed: () => void = () => {}
  #reloading: Promise<void> | null = null
  #again = false
  #closed = false

  private constructor(path: string, users: UserTable, log: Log, files: WatchedFiles) {
    this.path = path
    this.#users = users
    this.#log = log
    this.#unwatch = files.add(path, () => this.#reload())
  }

  /** @throws BrokerError USERS_FILE_UNREADABLE or USERS_FILE_INVALID. */
  static async open(path: string, log: Log, files: WatchedFiles): Promise<UsersFile> {
    const { users, exposed } = await readUsers(path)
    if (exposed) log.warn('other users of this machine can read the password file', { file: path })
    return new UsersFile(path, users, log, files)
  }

  get users(): UserTable {
    return this.#users
  }

  /** `changed` is called after every change. */
  watch(changed: () => void): void {
    this.#changed = changed
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unwatch()
    await this.#reloading
  }

  #reload(): void {
    this.#again = true
    this.#reloading ??= this.#catchUp().finally(() => (this.#reloading = null))
  }

  /** A file that changes while it is read is read again. */
  async #catchUp(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false
      await this.#readAgain()
    }
  }

  async #readAgain(): Promise<void> {
    try {
      const { users } = await readUsers(this.path)
      if (this.#closed) return
      this.#users = users
      this.#log.info('password file reloaded', { file: this.path, users: users.size })
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      this.#log.error('the password file cannot be used: what it said before stays in force', {
        file: this.path,
        problem,
      })
      return
    }
    this.#changed()
  }
}

/** Reads a file of users in either form. */
async function readUsers(path: string): Promise<{ readonly users: UserTable; readonly exposed: boolean }> {
  const yaml = isUsersYaml(path)
  const { bytes, mode } = await readBounded(path, yaml ? maximumUsersYamlBytes : maximumLinesBytes)
  if (!isUtf8(bytes)) throw new BrokerError('USERS_FILE_INVALID', `${path}: the file is not UTF-8 text`)
  const whole = bytes.toString()
  const text = whole.charCodeAt(0) === byteOrderMark ? whole.slice(1) : whole
  const users = await (yaml ? readUsersYaml(text, path) : readPasswordLines(text, path))
  return { users, exposed: (mode & 0o004) !== 0 }
}

/** Whether a file is a YAML list of users, by its name. */
export function isUsersYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path)
}

async function readBounded(path: string, maximum: number): Promise<{ readonly bytes: Buffer; readonly mode: number }> {
  try {
    // Opening a pipe must not wait for somebody who writes into it.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (!stat.isFile()) throw new BrokerError('USERS_FILE_UNREADABLE', `${path}: this is not a file`)
    const bytes = stat.size <= maximum ? await file.readFile() : null
    if (bytes === null || bytes.length > maximum)
      throw new BrokerError('USERS_FILE_INVALID', `${path}: the file is larger than ${maximum / 1_024} KiB`)
    return { bytes, mode: stat.mode }
  } catch (error) {
    if (error instanceof BrokerError) throw error
    throw new BrokerError('USERS_FILE_UNREADABLE', `${path}: ${fileProblem(error)}`, { cause: error })
  }
}
