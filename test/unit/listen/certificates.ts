import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultTls, type TlsOptions } from '../../../src/listen/options.ts'

/** Keys and certificates made for a test file by the openssl program; null where that is not installed. */
export interface TestCertificates {
  readonly folder: string
  /** Path of a file in the folder. */
  path(name: string): string
  remove(): void
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** For `test(…, { skip })`. */
export const skip = hasOpenssl ? false : 'the openssl program is not installed'

/** Makes `ca`, `broker`, `other`, `wild`, `device` and the self-signed `stranger`, each as `.crt` and `.key`. */
export function makeCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'listen-tls-'))
  const path = (name: string) => join(folder, name)
  const openssl = (...words: string[]) => {
    const { status, stderr } = spawnSync('openssl', words, { cwd: folder })
    if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${stderr.toString()}`)
  }
  const selfSigned = (name: string) =>
    openssl(
      ...`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`.split(' '),
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    )
  const signed = (name: string, alternative: string) => {
    openssl(
      ...`req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name}`.split(' '),
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    writeFileSync(path(`${name}.ext`), `subjectAltName=${alternative}\n`)
    openssl(
      ...`x509 -req -days 2 -CA ca.crt -CAkey ca.key -CAcreateserial -in ${name}.csr`.split(' '),
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    )
  }
  selfSigned('ca')
  selfSigned('stranger')
  signed('broker', 'DNS:localhost')
  signed('other', 'DNS:other.example.org')
  signed('wild', 'DNS:*.example.net')
  signed('device', 'DNS:device')
  return { folder, path, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** TLS options of a listener that shows the certificate of `broker`. */
export function tlsOptions(made: TestCertificates, other: Partial<TlsOptions> = {}): TlsOptions {
  return { ...defaultTls, certificate: made.path('broker.crt'), key: made.path('broker.key'), ...other }
}
