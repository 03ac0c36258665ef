import { createHmac, randomBytes } from 'node:crypto'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import type { ScramSection } from '../../config/password-schema.ts'
import type { Authenticator, Client, Credentials, Denial, Exchange, Identity } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import { verifierOf } from '../password/users.ts'
import { UsersFile } from '../password/users-file.ts'
import { UserIdentities } from '../password/users-identities.ts'
import { type Candidate, ScramExchange } from './scram-exchange.ts'
import { parseVerifier, type ScramMethod, type ScramVerifier, scramDigests } from './scram-verifier.ts'

export type ScramOptions = ScramSection

interface Context {
  readonly log: Log
  readonly files: WatchedFiles
}

/**
 * Knows clients of MQTT 5 that prove with SCRAM that they know their password. Who has no verifier gets a challenge like
 * everybody, and fails like somebody with a wrong password.
 *
 * @throws BrokerError USERS_FILE_UNREADABLE or USERS_FILE_INVALID.
 */
export async function openScramAuthenticator(options: ScramOptions, { log, files }: Context): Promise<Authenticator> {
  return new ScramAuthenticator(await UsersFile.open(options.file, log, files), options.methods)
}

class ScramAuthenticator implements Authenticator {
  readonly #file: UsersFile
  readonly #methods: readonly ScramMethod[]
  readonly #identities = new Map<ScramMethod, UserIdentities>()
  /** The salts of names that are not there come from it: the same name has always the same. */
  readonly #secret = randomBytes(32)

  constructor(file: UsersFile, methods: readonly ScramMethod[]) {
    this.#file = file
    this.#methods = methods
    for (const method of methods) this.#identities.set(method, new UserIdentities('scram'))
  }

  authenticate(): 'unknown' {
    return 'unknown'
  }

  begin(name: string, { username }: Credentials): Exchange | null {
    const method = this.#methods.find((offered) => offered === name)
    const identities = method === undefined ? undefined : this.#identities.get(method)
    if (method === undefined || identities === undefined) return null
    const candidate = (user: string) => this.#candidate(method, identities, user)
    return new ScramExchange(candidate, username, randomBytes(18).toString('base64'))
  }

  review({ identity }: Client): Denial | null {
    for (const [method, identities] of this.#identities) {
      const denial = identities.review(identity, this.#file.users, (user) => verifierOf(user, method))
      if (denial !== null) return denial
    }
    return null
  }

  watch(changed: () => void): void {
    this.#file.watch(changed)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #candidate(method: ScramMethod, identities: UserIdentities, name: string): Candidate {
    const text = this.#textOf(method, name)
    const verifier = text === null ? null : parseVerifier(text)
    if (text !== null && verifier !== null && typeof verifier !== 'string')
      return { verifier, lack: null, proved: () => this.#proved(method, identities, name, text) }
    const lack = `there is no user ${name} with a verifier for ${method}`
    return { verifier: this.#decoy(method, name), lack, proved: () => ({ reason: Reason.NotAuthorized, detail: lack }) }
  }

  /** The file may have changed while the client made its proof. */
  #proved(method: ScramMethod, identities: UserIdentities, name: string, proved: string): Identity | Denial {
    const user = this.#file.users.get(name)
    if (user === null || verifierOf(user, method) !== proved)
      return { reason: Reason.NotAuthorized, detail: `the user ${name} was removed or changed meanwhile` }
    if (user.terms.disabled) return { reason: Reason.NotAuthorized, detail: `the user ${name} is disabled` }
    return identities.of(user, proved)
  }

  #textOf(method: ScramMethod, name: string): string | null {
    const user = this.#file.users.get(name)
    return user === null ? null : verifierOf(user, method)
  }

  #decoy(method: ScramMethod, name: string): ScramVerifier {
    const { iterations, saltLength } = this.#file.users.scramCost(method)
    const { length } = scramDigests[method]
    const salt = createHmac('sha512', this.#secret).update(`${method} ${name}`).digest().subarray(0, saltLength)
    return { method, iterations, salt, storedKey: randomBytes(length), serverKey: randomBytes(length) }
  }
}
