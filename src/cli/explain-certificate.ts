import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { getCACertificates } from 'node:tls'
import { openCertificateAuthenticator } from '../authn/certificate/certificate.ts'
import { type Listed, openTrust } from '../authn/certificate/trust.ts'
import { acceptedCertificate, remember } from '../authn/certificate/trust-accepted.ts'
import { isDenial } from '../authn/outcome.ts'
import { fileProblem } from '../base/bounded-file.ts'
import type { AuthenticatorConfig, ListenerConfig } from '../config/schema.ts'
import type { Authentication, TlsDetails } from '../engine/ports.ts'
import { readCertificate } from '../pki/certificate/certificate-facts.ts'
import { openInspector } from '../pki/revocation/revocation.ts'
import { pemBlocks } from '../pki/revocation/revocation-pem.ts'
import { readBounded } from './ca-access.ts'
import type { PresumeContext, Presumed } from './explain-presumed.ts'
import { Failure, usageExitCode } from './failure.ts'

const maximumSteps = 16

/** The certificates of a PEM or DER file, that of the client first. */
export function certificatesIn(file: string): readonly Buffer[] {
  const bytes = readBounded(file)
  const certificates = bytes.includes('-----BEGIN ') ? pemBlocks(bytes, 'CERTIFICATE') : [bytes]
  const [own] = certificates
  const read = own === undefined ? 'there is none in it' : readCertificate(own)
  if (typeof read === 'string') throw new Failure(`${file} has no usable certificate: ${read}`, usageExitCode)
  return certificates
}

/** Whether authorities that a listener trusts vouch for a certificate, as TLS would find: the first of `certificates`. */
function isIssuedBy(certificates: readonly Buffer[], authorities: readonly string[], now: number): boolean {
  const known = authorities.flatMap(certificatesInPem)
  const shown = certificates.map((der) => new X509Certificate(der))
  let current: X509Certificate | undefined = shown[0]
  for (let step = 0; current !== undefined && step < maximumSteps; step++) {
    const { fingerprint256 } = current
    if (!isValid(current, now)) return false
    if (known.some((each) => each.fingerprint256 === fingerprint256)) return true
    const below: X509Certificate = current
    const signed = (candidate: X509Certificate) => below.checkIssued(candidate) && below.verify(candidate.publicKey)
    const root = known.find(signed)
    if (root !== undefined) return isValid(root, now)
    current = shown.slice(1).find((each) => each.ca && signed(each))
  }
  return false
}

function isValid({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now < validToDate.getTime()
}

function certificatesInPem(text: string): X509Certificate[] {
  return pemBlocks(Buffer.from(text), 'CERTIFICATE').map((der) => new X509Certificate(der))
}

/** What TLS would establish with a client that shows these certificates to a listener. */
export function presumeTls(certificates: readonly Buffer[], listener: ListenerConfig, now: number): TlsDetails {
  const authorized = isIssuedBy(certificates, authoritiesOf(listener), now)
  const failure = authorized ? null : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'
  return { protocol: 'TLSv1.3', cipher: '', serverName: null, alpn: null, certificates, authorized, failure }
}

function authoritiesOf({ tls }: ListenerConfig): string[] {
  const system = tls?.systemAuthorities === true ? getCACertificates('system') : []
  return [...(tls?.clientCa ?? []).map(textOf), ...system]
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    throw new Failure(`${file}: ${fileProblem(error)}`, usageExitCode)
  }
}

/**
 * Why a listener does not accept the certificate of a client, or null. Whatever it is, authenticators take it for accepted
 * from now on. Nobody is asked over the network.
 */
export async function judgeCertificate(
  { tls }: ListenerConfig,
  registered: Listed,
  context: PresumeContext,
): Promise<string | null> {
  const { credentials, notes } = context
  if (tls === undefined || tls.clientCertificate === 'none') {
    presumeAccepted(context)
    return `the listener ${credentials.listener} asks for no certificate`
  }
  if (tls.ocsp.mode !== 'off') notes.push('whether the certificate is revoked was not asked of an OCSP responder')
  const options = { ...tls, ocsp: { ...tls.ocsp, mode: 'off' } as const }
  const inspector = await openInspector({ ...options, authorityFiles: tls.clientCa, otherAuthorities: [] }, context)
  const trust = openTrust(tls, { ...context, inspector, registered })
  const judged = await trust.judge(credentials)
  await trust.close()
  if (!isDenial(judged)) return null
  presumeAccepted(context)
  return judged.detail
}

function presumeAccepted({ credentials: { peer } }: PresumeContext): void {
  const [own] = peer.tls?.certificates ?? []
  if (peer.tls === null || own === undefined || acceptedCertificate(peer) !== null) return
  const read = readCertificate(own)
  if (typeof read !== 'string') remember(peer.tls, { facts: read.facts, grounds: 'issued', expiresAt: null })
}

/** Who a client is by its certificate. */
export async function presumeCertificate(
  { certificate, devices }: AuthenticatorConfig,
  name: string,
  context: PresumeContext,
): Promise<Presumed | null> {
  const { credentials, log, files } = context
  if (certificate !== undefined) {
    const answer = await openCertificateAuthenticator(certificate).authenticate(credentials)
    return presumed(answer, `its certificate, read by "${name}"`, context)
  }
  if (devices === undefined) return null
  const { openDevicesAuthenticator } = await import('../authn/devices/devices.ts')
  const registry = await openDevicesAuthenticator(devices, { log, files })
  const answer = await registry.authenticate(credentials)
  await registry.close?.()
  return presumed(answer, `the registry of devices "${name}"`, context)
}

function presumed(answer: Authentication, from: string, { credentials, notes }: PresumeContext): Presumed | null {
  if (answer === 'unknown') return null
  if (answer !== 'refused' && !('reason' in answer)) return { identity: answer, from, refused: null }
  notes.push('who it is did not come out, so that the rules were asked about a client without a name')
  const refused = answer === 'refused' ? 'the certificate is refused' : answer.detail
  return { identity: { name: credentials.username ?? '', method: 'anonymous' }, from, refused }
}
