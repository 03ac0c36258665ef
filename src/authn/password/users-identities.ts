import type { Denial, Identity } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import type { User, UserTable } from './users.ts'

/** What an identity was based on. */
interface Basis {
  readonly user: User
  /** What the client proved to know: the stored hash or verifier. */
  readonly proved: string
}

/** Makes the identities of users, and tells whether what they were based on still holds. */
export class UserIdentities {
  readonly #method: string
  readonly #bases = new WeakMap<Identity, Basis>()

  constructor(method: string) {
    this.#method = method
  }

  of(user: User, proved: string): Identity {
    const identity = { name: user.name, method: this.#method, ...user.terms.facts }
    this.#bases.set(identity, { user, proved })
    return identity
  }

  /** Why an identity made here is no longer good, or null. `provable` is what a user has to prove now. */
  review(identity: Identity, users: UserTable, provable: (user: User) => string | null): Denial | null {
    const basis = this.#bases.get(identity)
    if (basis === undefined) return null
    const user = users.get(basis.user.name)
    if (user === basis.user) return null
    if (user === null) return ended(identity, 'was removed')
    if (user.terms.disabled) return ended(identity, 'was disabled')
    if (provable(user) !== basis.proved) return ended(identity, 'has another password')
    return user.terms.text === basis.user.terms.text ? null : ended(identity, 'was changed: connect again')
  }
}

/** The client has proved who it is, so it may know. */
function ended({ name }: Identity, what: string): Denial {
  return { reason: Reason.NotAuthorized, detail: `the user ${name} ${what}`, told: `the user ${what}` }
}
