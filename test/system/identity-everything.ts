import assert from 'node:assert/strict'
import { hashPassword } from '../../src/authn/password/hash.ts'
import { createVerifier } from '../../src/authn/scram/scram-verifier.ts'
import type { ConnectFields } from '../kit/packets.ts'
import { type Seen, WebServer } from '../kit/web-server.ts'
import { cheapHash } from '../unit/authn/password-kit.ts'
import { audience, issuer, Signer } from '../unit/authn/token-kit.ts'
import { keyPem } from '../unit/pki/facts-kit.ts'
import { Pki, patient, Site, type SiteConfig } from './identity-kit.ts'

// All ways to prove who one is, on listeners that ask in different orders, from a file.
export const listeners = { all: 0, passwords: 1, machines: 2, people: 3, backwards: 4, both: 5, tokens: 6 } as const
export type ListenerName = keyof typeof listeners

export const secrets = {
  ann: 'aNN-paSSword-1',
  dora: 'dORa-paSSword-2',
  sam: 'sAM-paSSword-3',
  web: 'wEB-paSSword-4',
  slow: 'sLOw-paSSword-5',
  guess: 'a-wRONg-gueSS-6',
  header: 'tHE-header-of-the-server-7',
}

export const method = 'SCRAM-SHA-256'
export const pki = new Pki()
export const certificates = {
  ann: pki.issue('ann'),
  pump: pki.issue('pump'),
  valve: pki.issue('valve'),
  stranger: new Pki('elsewhere').issue('ann'),
}
const signer = new Signer()
const otherSigner = new Signer()
const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600
export const token = signer.token({ iss: issuer, aud: audience, sub: 'tom', exp: inAnHour() })
export const forged = otherSigner.token({ iss: issuer, aud: audience, sub: 'tom', exp: inAnHour() })
export const stale = signer.token({ iss: issuer, aud: audience, sub: 'tom', exp: inAnHour() - 7_200 })
/** The broker, the web server it asks, and all that must not be seen anywhere. */
export class Everything implements AsyncDisposable {
  readonly site: Site
  readonly web: WebServer
  readonly #hashes: readonly string[]

  private constructor(site: Site, web: WebServer, hashes: readonly string[]) {
    this.site = site
    this.web = web
    this.#hashes = hashes
  }

  static async open(): Promise<Everything> {
    const hashes = await hashesOf()
    const web = new WebServer(judge)
    const url = await web.url()
    const site = await Site.open({ config: (_at, write) => config(write, url, hashes) })
    return new Everything(site, web, hashes)
  }

  /** Nothing that must stay secret was logged, or sent to a client. */
  assertDiscreet(): void {
    const everything = this.site.everything.toString('latin1')
    for (const form of this.#secretForms()) assert.ok(!everything.includes(form), form)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]()
    await this.web[Symbol.asyncDispose]()
  }

  #secretForms(): string[] {
    const parts = [...Object.values(secrets), ...this.#hashes, keyPem(certificates.ann), keyPem(pki.server)]
    for (const each of [token, forged, stale]) parts.push(each, ...each.split('.').slice(1))
    const forms = parts.flatMap((part) => {
      const bytes = Buffer.from(part)
      return [part, bytes.toString('base64'), bytes.toString('hex'), encodeURIComponent(part)]
    })
    // The digests in the hashes, and the key in the URL of the web server, too.
    return [
      ...forms,
      'key=hidden',
      ...this.#hashes.flatMap((hash) => hash.split('$').filter(({ length }) => length > 40)),
    ]
  }
}

async function hashesOf(): Promise<string[]> {
  return [
    await cheapHash(secrets.ann),
    await cheapHash(secrets.dora),
    (await createVerifier(method, secrets.sam, 4_096)) ?? assert.fail(),
    await hashPassword('argon2id', Buffer.from(secrets.slow)),
  ]
}

function config(
  write: (name: string, text: string) => string,
  url: string,
  [ann, dora, sam, slow]: readonly string[],
): SiteConfig {
  const users = [
    { name: 'ann', password: ann },
    { name: 'dora', password: dora, disabled: true },
    { name: 'sam', scram: [sam] },
  ]
  const file = write('users.yaml', JSON.stringify({ users }))
  const devices = write('devices.json', JSON.stringify([{ name: 'pump' }, { name: 'valve', state: 'disabled' }]))
  const tls = pki.section(write, { client_certificate: 'request' })
  const host = '127.0.0.1:0'
  return {
    authentication: patient,
    authenticators: [
      { password: { file } },
      { token: { issuers: [issuer], audiences: [audience], keys: { files: [write('issuer.pem', signer.pem)] } } },
      { scram: { file } },
      { http: { url, headers: [{ name: 'Authorization', file: write('header', secrets.header) }] } },
      { devices: { files: [devices] } },
      { certificate: {} },
      { name: 'slow', password: { file: write('slow', `slow:${slow}\n`) } },
    ],
    listeners: [
      { url: `mqtt://${host}`, authenticators: ['password', 'token', 'scram', 'http'] },
      { url: `mqtt://${host}`, authenticators: ['slow'] },
      { url: `mqtts://${host}`, tls, authenticators: ['devices', 'certificate', 'password'] },
      { url: `mqtts://${host}`, tls, authenticators: ['password', 'certificate'] },
      { url: `mqtt://${host}`, authenticators: ['http', 'password'] },
      { url: `mqtts://${host}`, tls: { ...tls, client_certificate: 'require' }, authenticators: ['password'] },
      { url: `mqtt://${host}`, authenticators: ['token'] },
    ],
  }
}

export function judge(seen: Seen, response: Parameters<WebServer['reply']>[1]): void {
  const right = Buffer.from(secrets.web).toString('base64')
  const allowed = seen.body.includes(`"userName":"web"`) && seen.body.includes(right)
  response.end(JSON.stringify(allowed ? { decision: 'allow' } : { decision: 'deny', errorReason: 'not on my list' }))
}

let number = 0

/** A client identifier that was not used before. */
export function fresh(): string {
  return `client-${++number}`
}

export const byName = (username: string, password: string): ConnectFields => ({ username, password })

/** TLS with the certificate of this name. */
export const showing = (name: keyof typeof certificates) => ({ tls: pki.showing(certificates[name]) })

export const withoutCertificate = { tls: pki.showing() }
