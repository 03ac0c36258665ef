import type { KeyObject } from 'node:crypto'
import { BrokerError } from '../../base/errors.ts'
import {
  type AlternativeNames,
  checkedNames,
  invalid,
  joinNames,
  listNames,
  shown,
} from '../certificate/alternative-names.ts'
import {
  encodeSubject,
  type Profile,
  type Signer,
  type Subject,
  signCertificate,
} from '../certificate/certificate-issue.ts'
import { type CertificateParts, readParts } from '../certificate/certificate-parts.ts'
import { certificatesPem } from '../certificate/export-formats.ts'
import { type KeyKind, newKeyPair } from '../certificate/private-key.ts'
import { newSerial } from '../certificate/serial-number.ts'
import { readSigningRequest } from '../certificate/signing-request.ts'
import { issuedFile, Mode } from './authority-files.ts'
import type { AuthorityState } from './authority-state.ts'
import { writeDurably } from './durable-files.ts'
import type { CertificateKind, IssuedEvent } from './issuance-event.ts'

const hour = 3_600_000
const day = 24 * hour
/** Milliseconds a certificate is good before it was made: clocks of devices are not exact. */
export const backdating = hour

/** What a certificate is asked for. */
export interface Order {
  readonly kind: 'server' | 'client'
  readonly subject: Subject
  readonly names?: Partial<AlternativeNames>
  readonly days: number
  /** A key of this kind is made, unless there is a request. */
  readonly key?: KeyKind
  readonly request?: RequestFile
  /** Where the revocation list is published. */
  readonly crlUrl?: string | undefined
}

/** A request for a certificate, whose key is made elsewhere. */
export interface RequestFile {
  readonly bytes: Buffer
  /** What messages call it. */
  readonly file: string
  /** The alternative names it asks for go into the certificate. */
  readonly acceptNames: boolean
}

/** A certificate that was made. */
export interface Issued {
  readonly kind: CertificateKind
  readonly certificate: CertificateParts
  /** What is to be sent behind it. */
  readonly chain: readonly CertificateParts[]
  /** Null when whoever asked has it. */
  readonly privateKey: KeyObject | null
  /** What is worth knowing about it, in sentences. */
  readonly remarks: readonly string[]
}

/** Makes a certificate for a server or a client. @throws BrokerError CA_REQUEST_INVALID, CA_KEY_MISSING, CA_PASSPHRASE */
export async function issue(state: AuthorityState, order: Order): Promise<Issued> {
  const subject = encodeSubject(order.subject)
  const { commonName } = order.subject
  const asked = checkedNames(order.names ?? {})
  const request = order.request === undefined ? null : await readSigningRequest(order.request.bytes, order.request.file)
  if (request !== null) checkName(request.commonNames, commonName, order.request?.file ?? '')
  const wanted = request?.names ?? checkedNames({})
  const names = order.request?.acceptNames === true ? joinNames(asked, wanted) : asked
  refuseMissing(wanted, names)
  const pair = request === null ? await newKeyPair(order.key ?? 'ec') : null
  const key = request?.key ?? pair?.publicKey
  if (key === undefined) throw invalid('there is no key to make a certificate for')
  const draft = { kind: order.kind, subject, key, names, days: order.days, crlUrl: order.crlUrl, replaces: null }
  const issued = await make(state, draft)
  const ignored = (request?.ignored ?? []).map((oid) => `the request also asks for ${oid}, which it does not get`)
  return { ...issued, privateKey: pair?.privateKey ?? null, remarks: [...issued.remarks, ...ignored] }
}

/** What a certificate that comes after another is made with: the same key, one that is made, or that of a request. */
export interface Renewal {
  readonly days: number
  readonly key?: KeyKind
  readonly request?: RequestFile
}

/** Makes a certificate with the subject and the names of an earlier one. Both are good until the earlier one ends. */
export async function renew(state: AuthorityState, before: CertificateParts, renewal: Renewal): Promise<Issued> {
  const { facts } = before
  const kind = state.issuances.get(facts.serial)?.kind
  if (kind !== 'server' && kind !== 'client')
    throw invalid(`${facts.subject} is an authority: see "petaltail ca rotate"`)
  const request = renewal.request && (await readSigningRequest(renewal.request.bytes, renewal.request.file))
  const names = checkedNames(facts)
  if (request !== undefined) checkName(request.commonNames, facts.commonNames[0] ?? '', renewal.request?.file ?? '')
  if (request !== undefined) refuseMissing(request.names, names)
  const pair = renewal.key === undefined || request !== undefined ? null : await newKeyPair(renewal.key)
  const key = request?.key ?? pair?.publicKey ?? before.key
  const { subject, crlUrl } = before
  const common = { kind, subject, names, key, crlUrl: crlUrl ?? undefined, replaces: facts.serial }
  return { ...(await make(state, { ...common, days: renewal.days })), privateKey: pair?.privateKey ?? null }
}

interface Draft {
  readonly kind: 'server' | 'client'
  readonly subject: Buffer
  readonly key: KeyObject
  readonly names: AlternativeNames
  readonly days: number
  readonly crlUrl: string | undefined
  readonly replaces: string | null
}

async function make(state: AuthorityState, draft: Draft): Promise<Omit<Issued, 'privateKey'>> {
  const issuer = state.issuing()
  checkDays(draft.days)
  checkUrl(draft.crlUrl)
  const signer = await state.signer(issuer, state.issuingKeyPath(issuer))
  const { notBefore, notAfter, clamped } = validityOf(state.now(), draft.days, issuer)
  const { kind, subject, key, names, crlUrl, replaces } = draft
  const validity = { notBefore, notAfter }
  const certificate = await certify(
    state,
    { kind, profile: kind, subject, key, names, ...validity, crlUrl, replaces },
    signer,
  )
  const end = new Date(notAfter).toISOString().slice(0, 10)
  const remarks = clamped
    ? [`it ends on ${end} already, with the certificate that issued it: "petaltail ca rotate"`]
    : []
  return { kind, certificate, chain: state.material.chain, remarks }
}

export interface Certified {
  readonly kind: CertificateKind
  readonly profile: Profile
  readonly subject: Buffer
  readonly key: KeyObject
  readonly names: AlternativeNames
  readonly notBefore: number
  readonly notAfter: number
  readonly crlUrl?: string | undefined
  readonly replaces?: string | null
}

/** Signs a certificate, writes down that it was, and keeps it. Nothing was given out before that is safe. */
export async function certify(state: AuthorityState, certified: Certified, signer: Signer): Promise<CertificateParts> {
  const publicKey = certified.key.export({ type: 'spki', format: 'der' })
  const serial = newSerial()
  const publicKeyKind = certified.key.asymmetricKeyType ?? ''
  const der = await signCertificate({ ...certified, serial, publicKey, publicKeyKind }, signer)
  const certificate = readParts(der, 'the new certificate')
  const issuer = signer.keyId.toString('hex')
  await state.journal.append([
    issuedEvent(certificate, certified.kind, issuer, certified.replaces ?? null, state.now()),
  ])
  await writeDurably(state.path(issuedFile(serial)), certificatesPem([der]), Mode.public)
  return certificate
}

export function issuedEvent(
  { facts }: CertificateParts,
  kind: CertificateKind,
  issuer: string,
  replaces: string | null,
  time: number,
): IssuedEvent {
  const { serial, subject, commonNames, notBefore, notAfter, sha1, sha256 } = facts
  const common = { serial, subject, name: commonNames[0] ?? subject, names: listNames(facts) }
  return { event: 'issued', time, kind, ...common, notBefore, notAfter, sha1, sha256, issuer, replaces }
}

/** Never longer than the certificate that issues. @throws BrokerError CA_UNUSABLE when that is over. */
export function validityOf(now: number, days: number, { facts }: CertificateParts) {
  const end = now + days * day
  const dateOf = (time: number) => new Date(time).toISOString()
  if (now >= facts.notAfter)
    throw new BrokerError(
      'CA_UNUSABLE',
      `${facts.subject} ended on ${dateOf(facts.notAfter)}: use "petaltail ca rotate"`,
    )
  if (now < facts.notBefore)
    throw new BrokerError('CA_UNUSABLE', `${facts.subject} begins on ${dateOf(facts.notBefore)}: is the clock right?`)
  const clamped = end > facts.notAfter
  return { notBefore: Math.max(now - backdating, facts.notBefore), notAfter: Math.min(end, facts.notAfter), clamped }
}

function checkName(commonNames: readonly string[], name: string, file: string): void {
  const [other] = commonNames.filter((each) => each !== name)
  if (other !== undefined) throw invalid(`${file} asks for the name ${shown(other)}, not for ${shown(name)}`)
}

/** What somebody relies on must not be left out in silence. */
function refuseMissing(wanted: AlternativeNames, granted: AlternativeNames): void {
  const given = new Set(listNames(granted))
  const missing = listNames(wanted).filter((name) => !given.has(name))
  if (missing.length === 0) return
  const list = missing.slice(0, 5).map(shown).join(', ')
  throw invalid(
    `the request asks for names that were not allowed: ${list}: say --request-names to allow what it asks for`,
  )
}

function checkDays(days: number): void {
  if (!Number.isSafeInteger(days) || days < 1 || days > 36_500)
    throw invalid(`${days} days: a certificate is good for 1 to 36500 days`)
}

function checkUrl(url: string | undefined): void {
  const isUrl = url === undefined || (/^(https?|ldaps?):\/\/[\x21-\x7e]+$/.test(url) && URL.canParse(url))
  if (!isUrl) throw invalid(`${shown(url)} is not the URL of a revocation list`)
}
