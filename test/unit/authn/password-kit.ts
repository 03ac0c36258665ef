import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashPassword } from '../../../src/authn/password/hash.ts'
import { BrokerError } from '../../../src/base/errors.ts'
import type { Log } from '../../../src/base/log.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import type { Authenticator, Client, Credentials, Denial, Identity } from '../../../src/engine/ports.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

/** A file of users that is removed when the scope ends, and what an authenticator is given beside it. */
export class UsersFolder implements AsyncDisposable {
  readonly path: string
  readonly clock = new FakeClock()
  readonly files = new WatchedFiles()
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object }[] = []
  readonly log: Log
  readonly #folder: string
  readonly #opened: Authenticator[] = []

  constructor(name: string, text: string | Buffer) {
    this.#folder = mkdtempSync(join(tmpdir(), 'petaltail-'))
    this.path = join(this.#folder, name)
    writeFileSync(this.path, text, { mode: 0o600 })
    const write =
      (level: string) =>
      (message: string, fields: object = {}) =>
        this.lines.push({ level, message, fields })
    this.log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  }

  /** Closes it when the scope ends. */
  keep(authenticator: Authenticator): Authenticator {
    this.#opened.push(authenticator)
    return authenticator
  }

  /** Replaces the file, and waits until the authenticator has said in the log what became of it. */
  async change(text: string | Buffer): Promise<void> {
    const before = this.lines.length
    writeFileSync(`${this.path}.new`, text, { mode: 0o600 })
    renameSync(`${this.path}.new`, this.path)
    this.files.reload()
    while (this.lines.length === before) await new Promise((resolve) => setImmediate(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const authenticator of this.#opened) await authenticator.close?.()
    this.files.close()
    rmSync(this.#folder, { recursive: true })
  }
}

/** A line of a password file with a hash that costs little. */
export async function cheapLine(name: string, password: string): Promise<string> {
  return `${name}:${await cheapHash(password)}\n`
}

export function cheapHash(password: string): Promise<string> {
  return hashPassword('sha512-pbkdf2', Buffer.from(password), 10)
}

export function credentials(username: string | null, password: string | Buffer | null): Credentials {
  return {
    clientId: 'c',
    username,
    password: password === null ? null : Buffer.from(password),
    version: 5,
    listener: 'l',
    allowAnonymous: false,
    peer: { transport: 'memory', address: '', port: 0, loopback: true, tls: null },
  }
}

export function clientOf(identity: Identity): Client {
  const { version, listener, peer, clientId: id } = credentials(null, null)
  return { id, identity, version, listener, peer }
}

type Result = Identity | Denial | 'unknown' | 'refused'

export function identityIn(result: Result): Identity {
  if (typeof result === 'string' || 'reason' in result) throw new Error(`not let in: ${JSON.stringify(result)}`)
  return result
}

export function denialIn(result: Result): Denial {
  if (typeof result === 'string' || !('reason' in result)) throw new Error(`not denied: ${JSON.stringify(result)}`)
  return result
}

/** The mistakes an attempt ends with, a line each, the folder of the file left out. */
export async function mistakesIn(attempt: Promise<unknown>): Promise<string[]> {
  try {
    await attempt
    return []
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    return [error.code, ...error.message.replaceAll(/\S+\/petaltail-[^/]+\//g, '').split('\n')]
  }
}
