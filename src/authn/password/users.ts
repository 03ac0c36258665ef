import type { Identity } from '../../engine/ports.ts'
import {
  parseVerifier,
  prepare,
  type ScramMethod,
  usualScramIterations,
  usualScramSalt,
} from '../scram/scram-verifier.ts'
import { parseHash } from './hash.ts'
import { createArgon2Hash } from './hash-argon2.ts'
import type { PasswordHash } from './password-hash.ts'
import { shownName } from './users-name.ts'

/** What a file says of a user beside name and password. */
export interface UserTerms {
  readonly disabled: boolean
  /** What its identity has of it. */
  readonly facts: Pick<Identity, 'roles' | 'groups' | 'attributes' | 'permissions' | 'clientIds' | 'maximumSessions'>
  /** All of it as text: different when anything is. */
  readonly text: string
}

export interface User {
  readonly name: string
  readonly hash: string | null
  /** At most one of each method. */
  readonly verifiers: readonly string[]
  readonly terms: UserTerms
}

/** The parameters of SCRAM that most users of a method have. */
export interface ScramCost {
  readonly iterations: number
  readonly saltLength: number
}

/** The terms of a user of whom a file has nothing more to say. */
export const plainTerms: UserTerms = { disabled: false, facts: {}, text: '' }
const none: readonly string[] = []

/** The users of one file at one time. */
export class UserTable {
  readonly #users: ReadonlyMap<string, User>
  readonly #scramCosts: ReadonlyMap<ScramMethod, ScramCost>
  /** Stands in for the hash of a name that is not there: of the effort most of the others have. */
  readonly decoy: PasswordHash

  constructor(users: ReadonlyMap<string, User>, decoy: PasswordHash, scramCosts: ReadonlyMap<ScramMethod, ScramCost>) {
    this.#users = users
    this.decoy = decoy
    this.#scramCosts = scramCosts
  }

  get size(): number {
    return this.#users.size
  }

  get(name: string): User | null {
    return this.#users.get(name) ?? null
  }

  /** What a user of a method who is not there would most probably have. */
  scramCost(method: ScramMethod): ScramCost {
    return this.#scramCosts.get(method) ?? { iterations: usualScramIterations, saltLength: usualScramSalt }
  }
}

/** Takes users one by one, and says what is wrong with one. */
export class UserTableBuilder {
  readonly #users = new Map<string, User>()
  readonly #efforts = new Frequencies<string>()
  readonly #costs = new Map<ScramMethod, Frequencies<ScramCost>>()

  /** Makes a user without a password. Null when all is well, here and in what follows. */
  add(name: string, terms: UserTerms): string | null {
    if (this.#users.has(name)) return `the user ${shownName(name)} is there twice`
    this.#users.set(name, { name, hash: null, verifiers: none, terms })
    return null
  }

  /** Gives a user a hash, who is made if there is none of the name. */
  addHash(name: string, hash: string): string | null {
    const user = this.#users.get(name)
    if (user !== undefined && user.hash !== null) return `the user ${shownName(name)} is there twice`
    const parsed = parseHash(hash)
    if (typeof parsed === 'string') return `the password of ${shownName(name)} ${parsed}`
    this.#efforts.count(parsed.effort, hash)
    this.#users.set(name, { name, hash, verifiers: user?.verifiers ?? none, terms: user?.terms ?? plainTerms })
    return null
  }

  /** Gives a user a SCRAM verifier, who is made if there is none of the name. */
  addVerifier(name: string, text: string): string | null {
    const verifier = parseVerifier(text)
    if (typeof verifier === 'string') return `the SCRAM verifier of ${shownName(name)} ${verifier}`
    const { method, iterations, salt } = verifier
    const user = this.#users.get(name)
    const verifiers = user?.verifiers ?? none
    if (verifiers.some((present) => present.startsWith(`${method}$`)))
      return `the user ${shownName(name)} has two verifiers for ${method}`
    const prepared = prepare(name, true)
    if (prepared !== name)
      return `the user ${shownName(name)} cannot use SCRAM: ${prepared === null ? 'the name has characters that are not allowed there' : `clients would call it ${shownName(prepared)}`}`
    const costs = this.#costs.get(method) ?? new Frequencies()
    this.#costs.set(method, costs)
    costs.count(`${iterations}:${salt.length}`, { iterations, saltLength: salt.length })
    this.#users.set(name, {
      name,
      hash: user?.hash ?? null,
      verifiers: [...verifiers, text],
      terms: user?.terms ?? plainTerms,
    })
    return null
  }

  async table(): Promise<UserTable> {
    const like = this.#efforts.most() ?? (await createArgon2Hash(Buffer.alloc(0)))
    const parsed = parseHash(like)
    if (typeof parsed === 'string') throw new Error(`a hash that ${parsed}`)
    const costs = new Map<ScramMethod, ScramCost>()
    for (const [method, each] of this.#costs) {
      const cost = each.most()
      if (cost !== null) costs.set(method, cost)
    }
    return new UserTable(this.#users, parsed.decoy(), costs)
  }
}

/** The verifier of a user for a method, or null. */
export function verifierOf(user: User, method: ScramMethod): string | null {
  return user.verifiers.find((text) => text.startsWith(`${method}$`)) ?? null
}

/** Which of several kinds was seen most often, and one example of it. */
class Frequencies<Example> {
  readonly #seen = new Map<string, { times: number; readonly example: Example }>()

  count(kind: string, example: Example): void {
    const present = this.#seen.get(kind)
    if (present === undefined) this.#seen.set(kind, { times: 1, example })
    else present.times++
  }

  most(): Example | null {
    let best: { times: number; readonly example: Example } | null = null
    for (const each of this.#seen.values()) if (best === null || each.times > best.times) best = each
    return best?.example ?? null
  }
}
