import type { TestContext } from 'node:test'
import { type Acceptance, remember } from '../../../src/authn/certificate/trust-accepted.ts'
import {
  type DevicesAuthenticator,
  type DevicesOptions,
  openDevicesAuthenticator,
} from '../../../src/authn/devices/devices.ts'
import type { Credentials, TlsDetails } from '../../../src/engine/ports.ts'
import { readCertificate } from '../../../src/pki/certificate/certificate-facts.ts'
import type { Holder } from '../pki/facts-kit.ts'
import { credentials, folder, LogBook, watching } from './certificate-kit.ts'

/** A client whose certificate was accepted. */
export function accepted(
  { certificate: der }: Holder,
  given: Partial<Credentials> = {},
  grounds: Acceptance['grounds'] = 'issued',
): Credentials {
  const certificate = readCertificate(der)
  if (typeof certificate === 'string') throw new Error(certificate)
  const { facts } = certificate
  const base = { protocol: 'TLSv1.3', cipher: '', serverName: null, alpn: null, failure: null }
  const tls: TlsDetails = { ...base, certificates: [der], authorized: grounds === 'issued' }
  remember(tls, { facts, grounds, expiresAt: grounds === 'listed' ? null : facts.notAfter })
  return credentials({ transport: 'tls', address: '192.0.2.1', port: 1, loopback: false, tls }, given)
}

/** A registry of what is in a file, closed when the test ends. */
export async function registry(t: TestContext, contents: object | string, options: Partial<DevicesOptions> = {}) {
  const { write, path } = folder(t)
  const text = typeof contents === 'string' ? contents : JSON.stringify(contents)
  const file = write(typeof contents === 'string' ? 'devices.yaml' : 'devices.json', text)
  const opened = await opening(t, { files: [file], ...options })
  return { ...opened, file, path, write }
}

export async function opening(t: TestContext, options: Partial<DevicesOptions>) {
  const files = watching(t)
  const log = new LogBook()
  const defaults = { files: [], nameSources: ['subject'], clientIdAsName: false } as const
  const authenticator = await openDevicesAuthenticator({ ...defaults, ...options }, { log, files })
  t.after(() => authenticator.close?.())
  return { authenticator, files, log, ask: asking(authenticator) }
}

/** The name of the identity, the cause of a denial, or `unknown`. */
function asking(authenticator: DevicesAuthenticator) {
  return (who: Credentials): string => {
    const answer = authenticator.authenticate(who)
    if (answer instanceof Promise) throw new Error('it need not be asked')
    if (typeof answer === 'string') return answer
    return 'name' in answer ? answer.name : `denied: ${answer.detail}`
  }
}
