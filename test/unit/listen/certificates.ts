import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultTls, type TlsOptions } from '../../../src/listen/options.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** For `test(…, { skip })`. */
export const skip = hasOpenssl ? false : 'the openssl program is not installed'

export interface Wanted {
  /** Whose key signs; `ca` by default. */
  readonly by?: string
  /** What the certificate says beyond its subject, in the words of openssl. */
  readonly extensions?: readonly string[]
  readonly rsa?: boolean
  readonly days?: number
}

/** Keys and certificates made for a test file by the openssl program. */
export class TestCertificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'listen-tls-'))

  /** Path of a file in the folder. */
  path(name: string): string {
    return join(this.folder, name)
  }

  /** The paths of a certificate and its key, and no chain. */
  pair(name: string) {
    return { certificate: this.path(`${name}.crt`), key: this.path(`${name}.key`), chain: null }
  }

  selfSigned(name: string, wanted: Pick<Wanted, 'rsa'> = {}): void {
    this.#openssl(`req -x509 ${keyOf(wanted)} -nodes -days 2 -subj /CN=${name} -keyout ${name}.key -out ${name}.crt`)
  }

  signed(name: string, wanted: Wanted = {}): void {
    const { by = 'ca', extensions = [], days = 2 } = wanted
    this.#openssl(`req -new ${keyOf(wanted)} -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`)
    writeFileSync(this.path(`${name}.ext`), extensions.map((line) => `${line}\n`).join(''))
    const from = `-CA ${by}.crt -CAkey ${by}.key -CAcreateserial`
    this.#openssl(`x509 -req -days ${days} ${from} -in ${name}.csr -extfile ${name}.ext -out ${name}.crt`)
  }

  /** Puts the certificate or key of one name where that of another was. */
  copy(from: string, to: string): void {
    copyFileSync(this.path(from), this.path(to))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #openssl(words: string): void {
    const { status, stderr } = spawnSync('openssl', words.split(' '), { cwd: this.folder })
    if (status !== 0) throw new Error(`openssl ${words}: ${stderr.toString()}`)
  }
}

/** Makes `ca`, `broker`, `other`, `wild`, `device` and the self-signed `stranger`, each as `.crt` and `.key`. */
export function makeCertificates(): TestCertificates {
  const made = new TestCertificates()
  made.selfSigned('ca')
  made.selfSigned('stranger')
  made.signed('broker', { extensions: ['subjectAltName=DNS:localhost'] })
  made.signed('other', { extensions: ['subjectAltName=DNS:other.example.org'] })
  made.signed('wild', { extensions: ['subjectAltName=DNS:*.example.net'] })
  made.signed('device', { extensions: ['subjectAltName=DNS:device'] })
  return made
}

/** TLS options of a listener that shows the certificate of `broker`. */
export function tlsOptions(made: TestCertificates, other: Partial<TlsOptions> = {}): TlsOptions {
  return { ...defaultTls, certificate: made.path('broker.crt'), key: made.path('broker.key'), ...other }
}

function keyOf({ rsa = false }: Wanted): string {
  return rsa ? '-newkey rsa:2048' : '-newkey ec -pkeyopt ec_paramgen_curve:P-256'
}
