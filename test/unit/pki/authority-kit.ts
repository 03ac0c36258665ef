import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSubject, extension } from '../../../src/pki/certificate/certificate-issue.ts'
import * as der from '../../../src/pki/certificate/der-write.ts'
import { signatureAlgorithm } from '../../../src/pki/certificate/private-key.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** For `test(…, { skip })`. */
export const skip = hasOpenssl ? false : 'the openssl program is not installed'

/** A folder that is removed when the scope ends. */
export class Place implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'petaltail-ca-'))

  at(...names: readonly string[]): string {
    return join(this.path, ...names)
  }

  write(name: string, contents: string | Buffer): string {
    writeFileSync(this.at(name), contents)
    return this.at(name)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** A clock at the time of today, as TLS knows no other; a minute ahead of what the test makes by other means. */
export function clockOfToday(): FakeClock {
  return new FakeClock(Date.now() + 60_000)
}

export const day = 86_400_000

export function openssl(...words: readonly string[]): string {
  return execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] }).toString()
}

/** What a request of a test asks for. */
export interface Wish {
  readonly commonName?: string
  readonly subject?: Buffer
  readonly extensions?: readonly Buffer[]
  readonly key?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  /** Signs in place of the key that is asked for. */
  readonly signer?: KeyObject
}

/** A request for a certificate, with whatever a hostile device may write into one. */
export function requestFor({
  commonName = 'pump-7',
  subject,
  extensions = [],
  key = newKey(),
  signer,
}: Wish = {}): Buffer {
  const wanted = der.sequence(der.identifier('1.2.840.113549.1.9.14'), der.set(der.sequence(...extensions)))
  const body = der.sequence(
    der.integer(0),
    subject ?? encodeSubject({ commonName }),
    key.publicKey.export({ type: 'spki', format: 'der' }),
    der.element(0xa0, ...(extensions.length === 0 ? [] : [wanted])),
  )
  const by = signer ?? key.privateKey
  const digest =
    by.asymmetricKeyType === 'ed25519' ? null : (digests.get(by.asymmetricKeyDetails?.namedCurve) ?? 'sha256')
  return der.sequence(body, signatureAlgorithm(by), der.bits(sign(digest, body, by)))
}

const digests = new Map<string | undefined, string>([
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
])

export function newKey(curve = 'P-256') {
  return generateKeyPairSync('ec', { namedCurve: curve })
}

/** An extension with alternative names; each a tag of GeneralName and its contents. */
export function namesExtension(...names: readonly (readonly [number, string | Buffer])[]): Buffer {
  const contents = names.map(([tag, value]) => der.element(tag, Buffer.from(value)))
  return extension('2.5.29.17', false, der.sequence(...contents))
}
