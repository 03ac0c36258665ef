import assert from 'node:assert/strict'
import { Ajv } from 'ajv'
import type { Static } from 'typebox'
import { openHttpAuthenticator } from '../../../src/authn/http/http-authenticator.ts'
import type { HttpOptions } from '../../../src/authn/http/http-options.ts'
import type { Log } from '../../../src/base/log.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import { httpAuthenticationSchema } from '../../../src/config/http-authentication-schema.ts'
import { ownKeywords } from '../../../src/config/option.ts'
import type { Authentication, Authenticator, Credentials, Denial, Identity, Peer } from '../../../src/engine/ports.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

/** Options with the defaults of the configuration. */
export function httpOptions(section: object): HttpOptions {
  const ajv = new Ajv({ useDefaults: true, allErrors: true })
  for (const keyword of ownKeywords) ajv.addKeyword(keyword)
  const valid = ajv.compile<Static<typeof httpAuthenticationSchema>>(httpAuthenticationSchema)
  const candidate: unknown = structuredClone(section)
  if (valid(candidate)) return candidate
  assert.fail(ajv.errorsText(valid.errors))
}

const peer: Peer = { transport: 'tcp', address: '192.0.2.7', port: 50_000, loopback: false, tls: null }

export function peerWith(...certificates: Buffer[]): Peer {
  const tls = { protocol: 'TLSv1.3', cipher: 'x', serverName: null, alpn: null, authorized: false, failure: null }
  return { ...peer, transport: 'tls', tls: { ...tls, certificates } }
}

export function credentials(fields: Partial<Credentials> = {}): Credentials {
  return {
    clientId: 'c1',
    username: 'u1',
    password: Buffer.from('secret'),
    version: 5,
    listener: 'l',
    allowAnonymous: false,
    peer,
    ...fields,
  }
}

export interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** An authenticator, and what it works with. */
export class Bench implements AsyncDisposable {
  readonly clock = new FakeClock()
  readonly files = new WatchedFiles()
  readonly lines: Line[] = []
  readonly authenticator: Authenticator

  constructor(section: object) {
    const note =
      (level: string) =>
      (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
        this.lines.push({ level, message, fields })
      }
    const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
    this.authenticator = openHttpAuthenticator(httpOptions(section), { log, clock: this.clock, files: this.files })
  }

  async ask(fields: Partial<Credentials> = {}): Promise<Authentication> {
    return await this.authenticator.authenticate(credentials(fields))
  }

  async identity(fields: Partial<Credentials> = {}): Promise<Identity> {
    const found = await this.ask(fields)
    assert.ok(typeof found === 'object' && 'method' in found, JSON.stringify(found))
    return found
  }

  async denial(fields: Partial<Credentials> = {}): Promise<Denial> {
    const found = await this.ask(fields)
    assert.ok(typeof found === 'object' && 'reason' in found, JSON.stringify(found))
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.authenticator.close?.()
    this.files.close()
  }
}
