import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { Authority } from '../../pki/authority/authority.ts'

/** In PEM. */
export interface BenchCertificate {
  readonly certificate: string
  readonly key: string
}

let made: Promise<BenchCertificate> | null = null

/** The certificate all brokers show: ECDSA P-256, made once for each run of the bench. */
export function benchCertificate(): Promise<BenchCertificate> {
  made ??= make()
  return made
}

async function make(): Promise<BenchCertificate> {
  const folder = mkdtempSync(join(tmpdir(), 'petaltail-bench-ca-'))
  try {
    const context = { clock: systemClock(), passphrase: null }
    const authority = await Authority.create(folder, { name: 'bench' }, context)
    const order = { kind: 'server', subject: { commonName: 'localhost' }, days: 2 } as const
    const { certificate, privateKey } = await authority.issue(order)
    if (privateKey === null) throw new Error('an authority gave no key')
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    return { certificate: new X509Certificate(certificate.der).toString(), key }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
