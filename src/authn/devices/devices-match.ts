import type { CertificateFacts } from '../../engine/ports.ts'
import { parseName } from '../certificate/certificate-name.ts'
import type { Acceptance } from '../certificate/trust-accepted.ts'
import { folded, isSameSubject, plainAddress } from './devices-name.ts'
import type { Device, DeviceSubject } from './devices-record.ts'

/** Why a certificate is not that of a device, or null when it is. */
export function mismatch(device: Device, { facts, grounds }: Acceptance): string | null {
  if (device.scheme === 'thumbprint') {
    const known = device.thumbprints.some((one) => one === facts.sha256 || one === facts.sha1)
    return known ? null : `has a thumbprint that is not that of the device (SHA-256 ${facts.sha256})`
  }
  // Anybody may write any name into a certificate that nobody else signed.
  if (grounds === 'registered') return 'is known by its thumbprint only, and the device by a name'
  return hasName(device, facts) ? null : `does not have the name of the device (validation: ${device.scheme})`
}

function hasName({ scheme, subject, authenticationName }: Device, facts: CertificateFacts): boolean {
  if (scheme === 'ip') {
    const wanted = plainAddress(authenticationName)
    return wanted !== null && facts.addresses.some((address) => plainAddress(address) === wanted)
  }
  const wanted = folded(authenticationName)
  if (scheme === 'subject') {
    if (subject !== null) return hasParts(facts, subject)
    const [name] = facts.commonNames
    return (name !== undefined && folded(name) === wanted) || isSameSubject(authenticationName, facts.subject)
  }
  const names = scheme === 'dns' ? facts.dns : scheme === 'uri' ? facts.uris : facts.emails
  return names.some((name) => folded(name) === wanted)
}

function hasParts(
  facts: CertificateFacts,
  { commonName, organization, organizationUnit, country }: DeviceSubject,
): boolean {
  const parts = (parseName(facts.subject) ?? []).flat()
  const has = (type: string, wanted: string | undefined) =>
    wanted === undefined ||
    parts.some(([name, value]) => name === type && value !== null && folded(value) === folded(wanted))
  const [name] = facts.commonNames
  if (name === undefined || folded(name) !== folded(commonName)) return false
  return has('O', organization) && has('OU', organizationUnit) && has('C', country)
}
