import { isRevocationReason, type RevocationReason } from './revoke-reasons.ts'

/** What a certificate is, in the journal. `cross` is that of a root which an earlier root signed. */
export const certificateKinds = ['root', 'issuing', 'cross', 'imported', 'server', 'client'] as const

export type CertificateKind = (typeof certificateKinds)[number]

/** A certificate was made, or taken in. Times are wall-clock milliseconds since 1970. */
export interface IssuedEvent {
  readonly event: 'issued'
  readonly time: number
  readonly kind: CertificateKind
  /** Hexadecimal, as are the others. */
  readonly serial: string
  readonly subject: string
  /** The common name. */
  readonly name: string
  /** With their kinds, such as `dns:example.org`. */
  readonly names: readonly string[]
  readonly notBefore: number
  readonly notAfter: number
  readonly sha1: string
  readonly sha256: string
  /** What the key that signed it is called. */
  readonly issuer: string
  /** The serial number of the one it comes after, or null. */
  readonly replaces: string | null
}

export interface RevokedEvent {
  readonly event: 'revoked'
  readonly time: number
  readonly serial: string
  readonly reason: RevocationReason
}

/** A revocation list was signed. */
export interface ListedEvent {
  readonly event: 'listed'
  readonly time: number
  readonly issuer: string
  readonly number: number
  readonly nextUpdate: number
  readonly entries: number
}

export type IssuanceEvent = IssuedEvent | RevokedEvent | ListedEvent

/** The object that stands in the journal. */
export function writeEvent(event: IssuanceEvent): Readonly<Record<string, unknown>> {
  const time = dateOf(event.time)
  if (event.event === 'revoked') return { ...event, time }
  if (event.event === 'listed') {
    const { issuer, number, nextUpdate, entries } = event
    return { time, event: 'listed', issuer, number, next_update: dateOf(nextUpdate), entries }
  }
  const { kind, serial, subject, name, names, notBefore, notAfter, sha1, sha256, issuer, replaces } = event
  const validity = { not_before: dateOf(notBefore), not_after: dateOf(notAfter) }
  const line = { time, event: 'issued', kind, serial, subject, name, names, ...validity, sha1, sha256, issuer }
  return replaces === null ? line : { ...line, replaces }
}

/** The event in a line of the journal; null for one that a later version knows; a text when it is none. */
export function readEvent(line: string): IssuanceEvent | string | null {
  const fields = fieldsOf(line)
  if (fields === null) return 'it is no JSON object'
  const event = text(fields, 'event')
  if (event === null) return 'it does not say what happened'
  if (event === 'issued') return issued(fields) ?? 'it does not say all there is to say of a certificate'
  if (event === 'revoked') return revoked(fields) ?? 'it does not say what was revoked'
  if (event === 'listed') return listed(fields) ?? 'it does not say all there is to say of a revocation list'
  return null
}

type Fields = ReadonlyMap<string, unknown>

function fieldsOf(line: string): Fields | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null
  } catch {
    return null
  }
}

function issued(fields: Fields): IssuedEvent | null {
  const [time, notBefore, notAfter] = [date(fields, 'time'), date(fields, 'not_before'), date(fields, 'not_after')]
  const [serial, sha1, sha256] = [hex(fields, 'serial'), hex(fields, 'sha1'), hex(fields, 'sha256')]
  const [subject, name, issuer] = [text(fields, 'subject'), text(fields, 'name'), hex(fields, 'issuer')]
  const kind = certificateKinds.find((known) => known === fields.get('kind'))
  const given = fields.get('names')
  if (time === null || notBefore === null || notAfter === null || kind === undefined || !Array.isArray(given))
    return null
  if (serial === null || sha1 === null || sha256 === null || subject === null || name === null || issuer === null)
    return null
  const names = given.map(String)
  const replaces = hex(fields, 'replaces')
  return {
    event: 'issued',
    time,
    kind,
    serial,
    subject,
    name,
    names,
    notBefore,
    notAfter,
    sha1,
    sha256,
    issuer,
    replaces,
  }
}

function revoked(fields: Fields): RevokedEvent | null {
  const [time, serial, reason] = [date(fields, 'time'), hex(fields, 'serial'), text(fields, 'reason')]
  if (time === null || serial === null || reason === null) return null
  // What a later version may say is a revocation all the same.
  return { event: 'revoked', time, serial, reason: isRevocationReason(reason) ? reason : 'unspecified' }
}

function listed(fields: Fields): ListedEvent | null {
  const [time, nextUpdate, issuer] = [date(fields, 'time'), date(fields, 'next_update'), hex(fields, 'issuer')]
  const [number, entries] = [fields.get('number'), fields.get('entries')]
  if (time === null || nextUpdate === null || issuer === null) return null
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(entries)) return null
  return { event: 'listed', time, issuer, number: Number(number), nextUpdate, entries: Number(entries) }
}

function text(fields: Fields, name: string): string | null {
  const value = fields.get(name)
  return typeof value === 'string' ? value : null
}

function hex(fields: Fields, name: string): string | null {
  const value = text(fields, name)
  return value !== null && /^[\da-f]{1,128}$/.test(value) ? value : null
}

function date(fields: Fields, name: string): number | null {
  const time = Date.parse(text(fields, name) ?? '')
  return Number.isNaN(time) ? null : time
}

function dateOf(time: number): string {
  return new Date(time).toISOString()
}
