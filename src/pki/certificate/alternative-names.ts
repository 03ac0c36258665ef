import { isIP, isIPv4 } from 'node:net'
import { domainToASCII } from 'node:url'
import { BrokerError } from '../../base/errors.ts'
import { context } from './certificate-facts-der.ts'
import { element, sequence } from './der-write.ts'

/** What a certificate is for besides its common name, in the words of `CertificateFacts`. */
export interface AlternativeNames {
  readonly dns: readonly string[]
  readonly addresses: readonly string[]
  readonly uris: readonly string[]
  readonly emails: readonly string[]
}

export const noNames: AlternativeNames = { dns: [], addresses: [], uris: [], emails: [] }

const maximumNames = 200
const maximumText = 1_024

/**
 * Names as they go into a certificate: checked, in their one form, none twice.
 *
 * @throws BrokerError CA_REQUEST_INVALID
 */
export function checkedNames(given: Partial<AlternativeNames>): AlternativeNames {
  const { dns = [], addresses = [], uris = [], emails = [] } = given
  const count = dns.length + addresses.length + uris.length + emails.length
  if (count > maximumNames) throw invalid(`${count} names are too many for one certificate: ${maximumNames} at most`)
  return {
    dns: unique(dns.map(dnsName)),
    addresses: unique(addresses.map(address)),
    uris: unique(uris.map(uri)),
    emails: unique(emails.map(email)),
  }
}

/** A name that is given without saying which kind it is: an address or a host name. */
export function hostNames(names: readonly string[]): AlternativeNames {
  const addresses = names.filter((name) => isIP(name) !== 0)
  return checkedNames({ addresses, dns: names.filter((name) => isIP(name) === 0) })
}

export function joinNames(some: AlternativeNames, others: AlternativeNames): AlternativeNames {
  return {
    dns: unique([...some.dns, ...others.dns]),
    addresses: unique([...some.addresses, ...others.addresses]),
    uris: unique([...some.uris, ...others.uris]),
    emails: unique([...some.emails, ...others.emails]),
  }
}

/** Each name with its kind before it, such as `dns:pump-7.example.org`. */
export function listNames({ dns, addresses, uris, emails }: AlternativeNames): string[] {
  const of = (kind: string, names: readonly string[]) => names.map((name) => `${kind}:${name}`)
  return [...of('dns', dns), ...of('ip', addresses), ...of('uri', uris), ...of('email', emails)]
}

/** GeneralNames [RFC 5280 4.2.1.6], or null when there are none. */
export function encodeNames({ dns, addresses, uris, emails }: AlternativeNames): Buffer | null {
  const text = (kind: number) => (name: string) => element(context(kind), Buffer.from(name, 'latin1'))
  const names = [
    ...emails.map(text(1)),
    ...dns.map(text(2)),
    ...uris.map(text(6)),
    ...addresses.map((name) => element(context(7), addressBytes(name))),
  ]
  return names.length === 0 ? null : sequence(...names)
}

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const dnsPattern = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`)

function dnsName(given: string): string {
  if (isIP(given) !== 0) throw invalid(`${shown(given)} is an address, not a host name: use --ip`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything else is for the pattern to judge
  const name = (/^[\u0000-\u007f]*$/.test(given) ? given : domainToASCII(given)).toLowerCase().replace(/\.$/, '')
  if (name.length > 253 || !dnsPattern.test(name)) throw invalid(`${shown(given)} is not a host name`)
  return name
}

function address(given: string): string {
  if (isIP(given) === 0 || given.includes('%')) throw invalid(`${shown(given)} is not an IP address`)
  if (isIPv4(given)) return given
  const [, mapped] = /^\[::ffff:([\da-f]+:[\da-f]+)\]$/.exec(new URL(`http://[${given}]/`).hostname) ?? []
  if (mapped === undefined) return new URL(`http://[${given}]/`).hostname.slice(1, -1)
  const [high = 0, low = 0] = mapped.split(':').map((group) => Number.parseInt(group, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function uri(given: string): string {
  const isText = /^[a-z][a-z\d+.-]*:[\x21-\x7e]+$/i.test(given) && given.length <= maximumText
  if (!isText || !URL.canParse(given))
    throw invalid(`${shown(given)} is not a URI such as urn:dev:mac:0024befffe804ff1`)
  return given
}

function email(given: string): string {
  const [local = '', domain = '', ...rest] = given.split('@')
  const isLocal = /^[a-z\d!#$%&'*+/=?^_`{|}~.-]{1,64}$/i.test(local)
  if (!isLocal || rest.length > 0 || isIP(domain) !== 0 || domain.startsWith('*'))
    throw invalid(`${shown(given)} is not an e-mail address`)
  return `${local}@${dnsName(domain)}`
}

function addressBytes(name: string): Buffer {
  if (isIPv4(name)) return Buffer.from(name.split('.').map(Number))
  const [head = '', tail = ''] = name.split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [before, after] = [groups(head), groups(tail)]
  const zeros = new Array<string>(8 - before.length - after.length).fill('0')
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** What somebody else chose, safe to show. */
export function shown(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text
  return JSON.stringify(short).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}

export function invalid(message: string): BrokerError {
  return new BrokerError('CA_REQUEST_INVALID', message)
}
