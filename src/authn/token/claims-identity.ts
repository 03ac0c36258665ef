import type { Identity, Permissions } from '../../engine/ports.ts'
import { filtersFlaw } from '../carried-filters.ts'
import { ClaimAttributes } from './claims-attributes.ts'
import { type ClaimPath, claimAt, claimPath, quoted, textsOf } from './claims-path.ts'
import type { TokenOptions } from './token-options.ts'

type IdentityOptions = Pick<
  TokenOptions,
  'name' | 'roles' | 'groups' | 'attributes' | 'permissions' | 'otherClaims' | 'attributeBytes'
>

const maximumNameBytes = 512
const maximumNames = 256
// C0 and C1 controls: no name of anything, and they would break lines of logs and topics.
const control = /\p{Cc}/u

/** Turns the claims of a good token into the client it stands for. */
export class ClaimIdentity {
  readonly #name: string
  readonly #namePath: ClaimPath
  readonly #roles: readonly string[]
  readonly #groups: readonly string[]
  readonly #attributes: ClaimAttributes
  readonly #permissions: TokenOptions['permissions']

  constructor(options: IdentityOptions) {
    this.#name = options.name
    this.#namePath = claimPath(options.name)
    this.#roles = options.roles
    this.#groups = options.groups
    this.#attributes = new ClaimAttributes(options)
    this.#permissions = options.permissions
  }

  /** The client, whose proof ends at `expiresAt`, or why there is none. */
  of(claims: Readonly<Record<string, unknown>>, expiresAt: number): Identity | string {
    const name = nameOf(claimAt(claims, this.#namePath), this.#name)
    if ('fault' in name) return name.fault
    const roles = namesAt(claims, this.#roles)
    if (typeof roles === 'string') return roles
    const groups = namesAt(claims, this.#groups)
    if (typeof groups === 'string') return groups
    const attributes = this.#attributes.of(claims)
    if (typeof attributes === 'string') return attributes
    const identity: Identity = { name: name.text, method: 'token', attributes, roles, groups, expiresAt }
    if (this.#permissions === undefined) return identity
    const permissions = permissionsAt(claims, this.#permissions)
    return typeof permissions === 'string' ? permissions : { ...identity, permissions }
  }
}

function permissionsAt(
  claims: Readonly<Record<string, unknown>>,
  { publish, subscribe }: NonNullable<TokenOptions['permissions']>,
): Permissions | string {
  const publishing = filtersAt(claims, publish)
  if (typeof publishing === 'string') return publishing
  const subscribing = filtersAt(claims, subscribe)
  return typeof subscribing === 'string' ? subscribing : { publish: publishing, subscribe: subscribing }
}

function filtersAt(claims: Readonly<Record<string, unknown>>, path: string | undefined): readonly string[] | string {
  if (path === undefined) return []
  const filters = textsOf(claimAt(claims, claimPath(path)) ?? [])
  if (filters === null) return `has a claim ${path} that is neither a text nor a list of texts`
  const flaw = filtersFlaw(filters)
  return flaw === null ? filters : `has in the claim ${path} ${flaw}`
}

/** Issuers also number their users. */
function nameOf(value: unknown, path: string): { readonly text: string } | { readonly fault: string } {
  const text = Number.isSafeInteger(value) ? String(value) : value
  if (typeof text !== 'string' || text === '') return { fault: `has no name for the client in the claim ${path}` }
  return isName(text) ? { text } : { fault: `has a name in the claim ${path} that cannot be one: ${quoted(text)}` }
}

/** All texts at several paths, each once; what is not there adds nothing. */
function namesAt(claims: Readonly<Record<string, unknown>>, paths: readonly string[]): readonly string[] | string {
  const names = new Set<string>()
  for (const path of paths) {
    const value = claimAt(claims, claimPath(path)) ?? []
    const texts = textsOf(value)
    if (texts === null) return `has a claim ${path} that is neither a text nor a list of texts`
    const wrong = texts.find((text) => !isName(text))
    if (wrong !== undefined) return `has ${quoted(wrong)} in the claim ${path}, which cannot be a name`
    for (const text of texts) names.add(text)
  }
  return names.size > maximumNames ? `has more than ${maximumNames} roles or groups` : [...names]
}

function isName(text: string): boolean {
  return Buffer.byteLength(text) <= maximumNameBytes && text.isWellFormed() && !control.test(text)
}
