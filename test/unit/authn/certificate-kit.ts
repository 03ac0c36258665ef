import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { systemClock } from '../../../src/base/clock.ts'
import { type Log, silentLog } from '../../../src/base/log.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import type { Client, Credentials, Identity, Peer } from '../../../src/engine/ports.ts'
import { defaultTls } from '../../../src/listen/options.ts'
import { openInspector, type RevocationOptions } from '../../../src/pki/revocation/revocation.ts'
import { listening, portOf, Recorder } from '../listen/kit.ts'
import { certificatePem, dns, type Holder, holder, keyPem } from '../pki/facts-kit.ts'

/** Says what was logged, one text a line. */
export class LogBook implements Log {
  readonly lines: string[] = []
  debug = silentLog.debug

  info(message: string, fields: object = {}): void {
    this.lines.push(`info ${message} ${JSON.stringify(fields)}`)
  }

  warn(message: string, fields: object = {}): void {
    this.lines.push(`warn ${message} ${JSON.stringify(fields)}`)
  }

  error(message: string, fields: object = {}): void {
    this.lines.push(`error ${message} ${JSON.stringify(fields)}`)
  }
}

/** A folder for the files of a test. */
export function folder(t: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'certificates-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    /** Writes a file and returns its path. */
    write(name: string, contents: string | Buffer): string {
      const file = join(path, name)
      writeFileSync(file, contents)
      return file
    },
  }
}

/** Files that are looked at when the test says so, or by themselves. */
export function watching(t: TestContext): WatchedFiles {
  const files = new WatchedFiles()
  t.after(() => files.close())
  return files
}

/** A TLS listener that asks for certificates; `shake` has a client shake hands and gives who the listener saw. */
export async function secureListener(t: TestContext, authorities: readonly Holder[]) {
  const { write } = folder(t)
  const broker = holder({ name: [['CN', 'broker']], names: [dns('localhost')] })
  const tls = {
    ...defaultTls,
    certificate: write('broker.pem', certificatePem(broker)),
    key: write('broker.key', keyPem(broker)),
    clientCa: authorities.map((authority, index) => write(`ca-${index}.pem`, certificatePem(authority))),
    clientCertificate: 'request' as const,
  }
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { transport: 'tls', tls })
  let count = 0
  const shake = async (own: Holder | null, chain: readonly Holder[] = [], options: ConnectionOptions = {}) => {
    const shown = own === null ? {} : { cert: certificatePem(own, ...chain), key: keyPem(own) }
    const socket = connect({
      port: portOf(listener),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...shown,
      ...options,
    })
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    const { peer } = (await recorder.connection(count++)).wire
    return peer
  }
  return { shake, tls }
}

export function credentials(peer: Peer, given: Partial<Credentials> = {}): Credentials {
  return {
    clientId: 'client',
    username: null,
    password: null,
    version: 5,
    listener: 'l',
    allowAnonymous: false,
    peer,
    ...given,
  }
}

export function clientOf(peer: Peer, identity: Identity): Client {
  return { id: 'client', identity, version: 5, listener: 'l', peer }
}

export const noRevocation: RevocationOptions = {
  authorityFiles: [],
  otherAuthorities: [],
  crlFiles: [],
  crlPolicy: 'tolerant',
  ocsp: { mode: 'off', timeout: 1_000, nonce: false },
}

/** What reads certificates and knows which are revoked, closed when the test ends. */
export async function inspecting(
  t: TestContext,
  options: Partial<RevocationOptions> = {},
  context: { readonly log?: Log; readonly files?: WatchedFiles } = {},
) {
  const { log = silentLog, files = watching(t) } = context
  const inspector = await openInspector({ ...noRevocation, ...options }, { log, clock: systemClock(), files })
  t.after(() => inspector.close())
  return inspector
}
