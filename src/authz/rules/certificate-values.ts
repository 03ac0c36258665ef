import type { CertificateField } from '../../config/rule-spec.ts'
import type { Subject } from '../policy/subject.ts'

/** What the certificate of a client says of a field; nothing where there is none. */
export function certificateValues({ identity }: Subject, field: CertificateField): readonly string[] {
  const facts = identity.certificate
  if (facts === undefined) return []
  switch (field) {
    case 'common_name':
      return facts.commonNames
    case 'dns':
      return facts.dns
    case 'uri':
      return facts.uris
    case 'email':
      return facts.emails
    case 'address':
      return facts.addresses
    default:
      return [facts[field]]
  }
}

/** A value of a rule in the form that certificates are compared in. */
export function certificateValue(field: CertificateField, value: string): string {
  if (field === 'sha1' || field === 'sha256') return value.replaceAll(/[:\s]/g, '').toLowerCase()
  if (field === 'serial')
    return value
      .replaceAll(/[:\s]/g, '')
      .toLowerCase()
      .replace(/^0+(?=.)/, '')
  return value
}
