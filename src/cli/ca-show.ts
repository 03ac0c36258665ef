import type { CertificateFacts } from '../engine/ports.ts'
import type { Issuance } from '../pki/authority/issuances.ts'
import { listNames } from '../pki/certificate/alternative-names.ts'

/** A certificate as every command shows it: what it is, for whom, until when, and both thumbprints. */
export function describeCertificate(kind: string, facts: CertificateFacts): string[] {
  const { subject, serial, notBefore, notAfter, sha1, sha256 } = facts
  return describe({ kind, subject, serial, notBefore, notAfter, sha1, sha256, names: listNames(facts) })
}

/** One of the journal, with what became of it. */
export function describeIssuance(issuance: Issuance, now: number): string[] {
  return [...describe(issuance), field('state', stateOf(issuance, now))]
}

interface Described {
  readonly kind: string
  readonly subject: string
  readonly serial: string
  readonly notBefore: number
  readonly notAfter: number
  readonly sha1: string
  readonly sha256: string
  readonly names: readonly string[]
}

function describe({ kind, subject, serial, notBefore, notAfter, sha1, sha256, names }: Described): string[] {
  const validity = `${dateOf(notBefore)} to ${dateOf(notAfter)}`
  return [
    printable(`${kind} ${subject}`),
    field('serial', serial),
    field('good from', validity),
    ...(names.length === 0 ? [] : [field('names', printable(names.join(', ')))]),
    field('SHA-1', sha1),
    field('SHA-256', sha256),
  ]
}

/** What became of a certificate, in a word or a few. */
function stateOf({ revoked, notAfter, replacedBy }: Issuance, now: number): string {
  if (revoked !== null) return `revoked on ${dateOf(revoked.time)}: ${revoked.reason}`
  if (notAfter <= now) return 'expired'
  return replacedBy === null ? 'good' : `good, and renewed as ${replacedBy}`
}

/** The form for programs. */
export function issuanceJson(issuance: Issuance, now: number): Readonly<Record<string, unknown>> {
  const { kind, name, subject, names, serial, issuer, notBefore, notAfter, sha1, sha256, revoked, replacedBy } =
    issuance
  return {
    kind,
    name,
    subject,
    names,
    serial,
    issuer,
    not_before: timeOf(notBefore),
    not_after: timeOf(notAfter),
    sha1,
    sha256,
    state: revoked !== null ? 'revoked' : notAfter <= now ? 'expired' : 'good',
    revoked_at: revoked === null ? null : timeOf(revoked.time),
    reason: revoked?.reason ?? null,
    replaced_by: replacedBy,
  }
}

export function field(name: string, value: string): string {
  return `  ${name.padEnd(12)}${value}`
}

export function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
}

/** Certificates of others may have any text in their names: nothing that moves a terminal's cursor may pass. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')
}

function dateOf(time: number): string {
  return timeOf(time).slice(0, 10)
}

function timeOf(time: number): string {
  return new Date(time).toISOString()
}
