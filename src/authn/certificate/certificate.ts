import type {
  AttributeValue,
  Authenticator,
  CertificateFacts,
  Credentials,
  Denial,
  Identity,
} from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import { type NameSource, namesIn, parseName } from './certificate-name.ts'
import { acceptedCertificate } from './trust-accepted.ts'

export interface CertificateOptions {
  /** Where the name is looked for, in this order. */
  readonly nameSources: readonly NameSource[]
  /** A user name that the client gives must be the name in the certificate. */
  readonly usernameMustMatch: boolean
  /** Parts of the subject become attributes of the identity. */
  readonly attributes: boolean
}

/** Clients are who their certificate says, if the listener accepted it and somebody vouches for what it says. */
export function openCertificateAuthenticator(options: CertificateOptions): Authenticator {
  // Whether the certificate of a client is still good is asked of the listener that accepted it.
  return { authenticate: (who) => authenticate(who, options), begin: () => null }
}

function authenticate(who: Credentials, options: CertificateOptions): Identity | Denial | 'unknown' {
  const acceptance = acceptedCertificate(who.peer)
  // Of one that is known by its thumbprint as that of a device, nobody vouches for the names.
  if (acceptance === null || acceptance.grounds === 'registered') return 'unknown'
  const { facts, expiresAt } = acceptance
  const name = nameIn(facts, options.nameSources)
  if (name === null) return nameless(facts, options.nameSources)
  if (options.usernameMustMatch && who.username !== null && who.username !== name) return otherName(who.username, name)
  return {
    name,
    method: 'certificate',
    certificate: facts,
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(options.attributes ? { attributes: attributesOf(facts.subject) } : {}),
  }
}

function nameIn(facts: CertificateFacts, sources: readonly NameSource[]): string | null {
  for (const source of sources) {
    const [first] = namesIn(facts, source)
    if (first !== undefined) return first
  }
  return null
}

/** By the short names of their types; what has no short name is left out. */
function attributesOf(subject: string): Readonly<Record<string, AttributeValue>> {
  const values = new Map<string, string[]>()
  for (const [type, value] of (parseName(subject) ?? []).flat()) {
    if (value === null || /^\d/.test(type)) continue
    const known = values.get(type)
    if (known === undefined) values.set(type, [value])
    else known.push(value)
  }
  return Object.fromEntries(
    [...values].map(([type, [first = '', ...more]]) => [type, more.length === 0 ? first : [first, ...more]]),
  )
}

function nameless({ subject, serial }: CertificateFacts, sources: readonly NameSource[]): Denial {
  const told = `the certificate has no usable name (looked for: ${sources.join(', ')})`
  return { reason: Reason.NotAuthorized, detail: `${told}: ${subject}, serial ${serial}`, told }
}

function otherName(username: string, name: string): Denial {
  const detail = `the user name ${username} is not the name in the certificate, ${name}`
  return { reason: Reason.NotAuthorized, detail, told: 'the user name is not the name in the certificate' }
}
