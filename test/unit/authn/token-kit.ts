import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import type { Static } from 'typebox'
import type { TokenOptions } from '../../../src/authn/token/token-options.ts'
import type { Log } from '../../../src/base/log.ts'
import { ownKeywords } from '../../../src/config/option.ts'
import { tokenSchema } from '../../../src/config/token-schema.ts'
import type { Answer, Authenticator, Client, Credentials, Denial, Identity, Peer } from '../../../src/engine/ports.ts'

export type Json = Readonly<Record<string, unknown>>

export const issuer = 'https://issuer.example'
export const audience = 'mqtt.example'

/** Options with the defaults of the configuration. */
export function tokenOptions(section: Json): TokenOptions {
  const ajv = new Ajv({ useDefaults: true, allErrors: true })
  for (const keyword of ownKeywords) ajv.addKeyword(keyword)
  const valid = ajv.compile<Static<typeof tokenSchema>>(tokenSchema)
  const candidate: unknown = structuredClone({ issuers: [issuer], audiences: [audience], ...section })
  if (valid(candidate)) return candidate
  assert.fail(ajv.errorsText(valid.errors))
}

/** A key pair of an issuer, and tokens signed with it by hand, so that they can be as wrong as they like. */
export class Signer {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly algorithm: string
  readonly keyId: string

  constructor(algorithm = 'ES256', keyId = 'k1', pair = pairFor(algorithm)) {
    this.privateKey = pair.privateKey
    this.publicKey = pair.publicKey
    this.algorithm = algorithm
    this.keyId = keyId
  }

  /** The signer with the key of a certificate, both in PEM. */
  static of(key: string, certificate: string): Signer {
    const pair = { privateKey: createPrivateKey(key), publicKey: createPublicKey(certificate) }
    return new Signer('ES256', 'certificate', pair)
  }

  get pem(): string {
    return this.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  }

  get jwk(): Json {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.keyId, use: 'sig', alg: this.algorithm }
  }

  token(claims: Json, header: Json = {}): string {
    return this.raw(
      JSON.stringify({ alg: this.algorithm, kid: this.keyId, typ: 'JWT', ...header }),
      JSON.stringify(claims),
    )
  }

  /** A token of a header and claims as they are to stand in it. */
  raw(header: string | Buffer, claims: string | Buffer): string {
    const input = `${encoded(header)}.${encoded(claims)}`
    return `${input}.${encoded(this.#sign(Buffer.from(input)))}`
  }

  #sign(input: Buffer): Buffer {
    if (this.algorithm.startsWith('Ed')) return sign(null, input, this.privateKey)
    const digest = `sha${this.algorithm.slice(2)}`
    if (this.algorithm.startsWith('ES')) return sign(digest, input, { key: this.privateKey, dsaEncoding: 'ieee-p1363' })
    // 6 is RSA_PKCS1_PSS_PADDING, and -1 a salt as long as the digest.
    const padding = this.algorithm.startsWith('PS') ? { padding: 6, saltLength: -1 } : {}
    return sign(digest, input, { key: this.privateKey, ...padding })
  }
}

function pairFor(algorithm: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm.startsWith('Ed')) return generateKeyPairSync('ed25519')
  const curve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[algorithm]
  return curve === undefined
    ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
    : generateKeyPairSync('ec', { namedCurve: curve })
}

export function encoded(part: string | Buffer): string {
  return Buffer.from(part).toString('base64url')
}

export function keySet(...signers: readonly Signer[]): string {
  return JSON.stringify({ keys: signers.map(({ jwk }) => jwk) })
}

export const peer: Peer = { transport: 'tcp', address: '192.0.2.7', port: 50_000, loopback: false, tls: null }

export function credentials(username: string | null, password: string | Buffer | null, from: Peer = peer): Credentials {
  return {
    clientId: 'c',
    username,
    password: password === null ? null : Buffer.from(password),
    version: 5,
    listener: 'test',
    allowAnonymous: false,
    peer: from,
  }
}

export function clientOf(identity: Identity): Client {
  return { id: 'c', identity, version: 5, listener: 'test', peer }
}

export async function identityFor(authenticator: Authenticator, token: string): Promise<Identity> {
  const answer = await authenticator.authenticate(credentials('oauth2', token))
  assert.ok(typeof answer === 'object' && 'method' in answer, JSON.stringify(answer))
  return answer
}

export async function denialFor(authenticator: Authenticator, token: string | Buffer): Promise<Denial> {
  return assertDenial(await authenticator.authenticate(credentials('oauth2', token)))
}

export function assertDenial(answer: Awaited<Answer<Identity | Denial | 'unknown' | 'refused'>>): Denial {
  assert.ok(typeof answer === 'object' && 'detail' in answer, JSON.stringify(answer))
  return answer
}

/** A folder with files that are replaced as a whole; removed when the scope ends. */
export class Files implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'petaltail-'))

  path(name: string): string {
    return join(this.#folder, name)
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(`${name}.new`), text)
    renameSync(this.path(`${name}.new`), this.path(name))
    return this.path(name)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}

/** A log that remembers. */
export class Lines implements Log {
  readonly lines: string[] = []

  debug(message: string, fields: Json = {}): void {
    this.#add('debug', message, fields)
  }

  info(message: string, fields: Json = {}): void {
    this.#add('info', message, fields)
  }

  warn(message: string, fields: Json = {}): void {
    this.#add('warn', message, fields)
  }

  error(message: string, fields: Json = {}): void {
    this.#add('error', message, fields)
  }

  #add(level: string, message: string, fields: Json): void {
    this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  }
}
