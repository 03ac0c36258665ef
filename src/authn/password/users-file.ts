import { stat } from 'node:fs/promises'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { readTextFile } from '../../base/text-file.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { WatchedValue } from '../../base/watched-value.ts'
import { maximumUsersYamlBytes } from '../../config/users.ts'
import type { UserTable } from './users.ts'
import { readPasswordLines } from './users-lines.ts'
import { readUsersYaml } from './users-yaml.ts'

const maximumLinesBytes = 64 * 1_048_576

/** Who is told of changes. */
interface Watcher {
  changed: () => void
}

/** The users of a file, as it is now; when it becomes one that cannot be used, as it was before. */
export class UsersFile {
  readonly #users: WatchedValue<UserTable>
  readonly #watcher: Watcher

  private constructor(users: WatchedValue<UserTable>, watcher: Watcher) {
    this.#users = users
    this.#watcher = watcher
  }

  /** @throws BrokerError USERS_FILE_UNREADABLE or USERS_FILE_INVALID. */
  static async open(path: string, log: Log, files: WatchedFiles): Promise<UsersFile> {
    const watcher: Watcher = { changed: () => {} }
    const done = (error: unknown, users: UserTable) => {
      say(log, path, error, users)
      if (error === null) watcher.changed()
    }
    const users = await WatchedValue.open({ paths: [path], read: () => readUsers(path), done }, files)
    if (await isExposed(path)) log.warn('other users of this machine can read the password file', { file: path })
    return new UsersFile(users, watcher)
  }

  get users(): UserTable {
    return this.#users.value
  }

  /** `changed` is called after every change. */
  watch(changed: () => void): void {
    this.#watcher.changed = changed
  }

  close(): Promise<void> {
    return this.#users.close()
  }
}

function say(log: Log, file: string, error: unknown, { size }: UserTable): void {
  if (error === null) return log.info('password file reloaded', { file, users: size })
  const problem = error instanceof Error ? error.message : String(error)
  log.error('the password file cannot be used: what it said before stays in force', { file, problem })
}

/** Reads a file of users in either form. */
async function readUsers(path: string): Promise<UserTable> {
  const yaml = isUsersYaml(path)
  const found = await readTextFile(path, yaml ? maximumUsersYamlBytes : maximumLinesBytes)
  if ('text' in found) return await (yaml ? readUsersYaml(found.text, path) : readPasswordLines(found.text, path))
  const code = found.problem === 'unreadable' ? 'USERS_FILE_UNREADABLE' : 'USERS_FILE_INVALID'
  throw new BrokerError(code, `${path}: ${found.cause}`)
}

/** Whether a file is a YAML list of users, by its name. */
export function isUsersYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path)
}

/** Everybody on the machine may read it. */
async function isExposed(path: string): Promise<boolean> {
  const mode = await stat(path).then(
    (stats) => stats.mode,
    () => 0,
  )
  return (mode & 0o004) !== 0
}
