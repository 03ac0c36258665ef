import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import type { PasswordSection } from '../../config/password-schema.ts'
import type { Answer, Authenticator, Client, Credentials, Denial, Identity } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import { parseHash } from './hash.ts'
import { type HashLine, processLine } from './hash-line.ts'
import type { PasswordHash } from './password-hash.ts'
import type { User } from './users.ts'
import { UsersFile } from './users-file.ts'
import { UserIdentities } from './users-identities.ts'
import { VerifiedCredentials } from './verified.ts'

export type PasswordOptions = PasswordSection

interface Context {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

type Result = Identity | Denial | 'unknown'

/** Milliseconds a client waits for its turn: longer, and it would be gone by then. */
const patience = 8_000

/**
 * Knows clients by user name and password, from a file of users. Names that are not in it are unknown, after as much work
 * as a wrong password takes.
 *
 * @throws BrokerError USERS_FILE_UNREADABLE or USERS_FILE_INVALID.
 */
export async function openPasswordAuthenticator(
  options: PasswordOptions,
  context: Context,
  line: HashLine = processLine,
): Promise<Authenticator> {
  const file = await UsersFile.open(options.file, context.log, context.files)
  return new PasswordAuthenticator(file, options, context, line)
}

class PasswordAuthenticator implements Authenticator {
  readonly #file: UsersFile
  readonly #log: Log
  readonly #clock: Clock
  readonly #line: HashLine
  readonly #verified: VerifiedCredentials
  readonly #identities = new UserIdentities('password')
  #closed = false

  constructor(file: UsersFile, { cacheEntries, cacheTtl }: PasswordOptions, { log, clock }: Context, line: HashLine) {
    this.#file = file
    this.#log = log
    this.#clock = clock
    this.#line = line
    this.#verified = new VerifiedCredentials(clock, cacheEntries, cacheTtl * 1_000)
  }

  authenticate({ username, password }: Credentials): Answer<Result> {
    if (username === null) return 'unknown'
    const { users } = this.#file
    const user = users.get(username)
    if (password === null) return user === null ? 'unknown' : wrong(`the user ${username} gave no password`)
    const hash = user?.hash ?? null
    const digest = this.#verified.digest(username, hash ?? users.decoy.effort, password)
    if (user !== null && hash !== null && this.#verified.has(digest)) return this.#right(user, hash)
    return this.#compare(username, user, hash, password, digest)
  }

  begin(): null {
    return null
  }

  review({ identity }: Client): Denial | null {
    return this.#identities.review(identity, this.#file.users, ({ hash }) => hash)
  }

  watch(changed: () => void): void {
    this.#file.watch(changed)
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#file.close()
  }

  async #compare(
    name: string,
    user: User | null,
    hash: string | null,
    password: Buffer,
    digest: string,
  ): Promise<Result> {
    const stored = hash === null ? this.#file.users.decoy : usable(hash)
    let right: boolean | null
    try {
      right = await this.#verified.check(digest, () => this.#inTurn(stored, password))
    } catch (error) {
      this.#log.error('a password could not be checked', { user: name, error })
      return { reason: Reason.ServerUnavailable, detail: `the password of ${name} could not be checked` }
    }
    if (right === null) return busy
    if (user === null) return 'unknown'
    if (hash === null) return wrong(`the user ${name} has no password here`)
    return right ? this.#right(user, hash) : wrong(`the password of the user ${name} is wrong`)
  }

  #inTurn(stored: PasswordHash, password: Buffer): Promise<boolean | null> {
    const came = this.#clock.now()
    return this.#line.run(
      () => stored.matches(password),
      () => !this.#closed && this.#clock.now() - came < patience,
    )
  }

  #right(user: User, hash: string): Identity | Denial {
    if (user.terms.disabled) return { reason: Reason.NotAuthorized, detail: `the user ${user.name} is disabled` }
    return this.#identities.of(user, hash)
  }
}

const busy: Denial = {
  reason: Reason.ServerBusy,
  detail: 'too many logins at once: no password was checked',
  told: 'too many logins at once',
}

/** The hash was read when the file was. */
function usable(text: string): PasswordHash {
  const hash = parseHash(text)
  if (typeof hash === 'string') throw new Error(`a password ${hash}`)
  return hash
}

function wrong(detail: string): Denial {
  return { reason: Reason.BadUserNameOrPassword, detail }
}
