import { isLoopbackHost } from '../../config/address.ts'
import type { PolicyCase } from '../../config/policy-test-case.ts'
import type { CaseWho } from '../../config/policy-test-who.ts'
import type { CertificateFacts, Client, Identity } from '../../engine/ports.ts'
import type { Request } from '../policy/rule.ts'
import { Subject } from '../policy/subject.ts'

/** Somebody who wants to do something. */
export interface Attempt {
  readonly subject: Subject
  readonly request: Request
}

/** What a case is about, as a policy sees it. */
export function attemptOf({ who, action, topic, qos, retain }: Omit<PolicyCase, 'expect'>): Attempt {
  return { subject: subjectOf(who), request: { action, topic, qos, retain } }
}

export function subjectOf(who: CaseWho): Subject {
  const client: Client = {
    id: who.client,
    identity: identityOf(who),
    version: 5,
    listener: who.listener,
    peer: {
      transport: 'tcp',
      address: who.address,
      port: 0,
      loopback: who.address === '' || isLoopbackHost(who.address),
      tls: null,
    },
  }
  return new Subject(client)
}

/** Who it is, in few words: `alice (client pump-7, role reader)`. */
export function nameOf({ user, clientId, roles, groups, identity: { attributes = {} } }: Subject): string {
  const facts = [
    ...(user === clientId ? [] : [`client ${clientId}`]),
    ...[...roles].map((role) => `role ${role}`),
    ...[...groups].map((group) => `group ${group}`),
    ...Object.entries(attributes).map(([name, value]) => `${name} ${String(value)}`),
  ]
  const shown = facts.length > mostFacts ? [...facts.slice(0, mostFacts), '…'] : facts
  return `${user ?? 'anonymous'}${shown.length === 0 ? '' : ` (${shown.join(', ')})`}`
}

const mostFacts = 5

function identityOf({ user, method, roles, groups, attributes, permissions, commonName, issuer }: CaseWho): Identity {
  const identity = { name: user ?? '', method, roles, groups, attributes }
  return {
    ...identity,
    ...(permissions === null ? {} : { permissions }),
    ...(commonName === null ? {} : { certificate: certificateOf(commonName, issuer) }),
  }
}

function certificateOf(commonName: string, issuer: string): CertificateFacts {
  return {
    subject: `CN=${commonName}`,
    commonNames: [commonName],
    dns: [],
    uris: [],
    addresses: [],
    emails: [],
    issuer,
    serial: '',
    sha1: '',
    sha256: '',
    notBefore: 0,
    notAfter: 0,
  }
}
