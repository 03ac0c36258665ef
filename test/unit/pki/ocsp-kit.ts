import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { readCertificate } from '../../../src/pki/certificate/certificate-facts.ts'
import { encoded, Tag } from '../../../src/pki/certificate/certificate-facts-der.ts'
import { statusRequest } from '../../../src/pki/revocation/ocsp-request.ts'
import {
  certificatePem,
  explicit,
  type Holder,
  implicit,
  integer,
  keyPem,
  nameOf,
  octets,
  oid,
  seq,
  signed,
  time,
} from './facts-kit.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** For `test(…, { skip })`. */
export const skip = hasOpenssl ? false : 'the openssl program is not installed'

export type Answering = (question: Buffer, request: IncomingMessage, response: ServerResponse) => Promise<Buffer | null>

/** An HTTP server that answers questions of OCSP, closed when the test ends. */
export async function responder(t: TestContext, answering: Answering) {
  const seen: Buffer[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = []
      for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part)
      const question = Buffer.concat(parts)
      seen.push(question)
      const answer = await answering(question, request, response)
      if (answer !== null) response.setHeader('content-type', 'application/ocsp-response').end(answer)
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}/`, seen, close: () => server.closeAllConnections() }
}

/** What the responder of openssl answers: it is asked through files, so that it opens no port. */
export function opensslAnswering(
  t: TestContext,
  authority: Holder,
  signer: Holder,
  index: string,
  words: readonly string[] = [],
) {
  const folder = mkdtempSync(join(tmpdir(), 'ocsp-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string) => join(folder, name)
  writeFileSync(path('ca.pem'), certificatePem(authority))
  writeFileSync(path('signer.pem'), certificatePem(signer))
  writeFileSync(path('signer.key'), keyPem(signer))
  writeFileSync(path('index.txt'), index)
  let count = 0
  return async (question: Buffer): Promise<Buffer> => {
    const name = `${count++}`
    writeFileSync(path(`${name}.req`), question)
    const given = `-index index.txt -CA ca.pem -rsigner signer.pem -rkey signer.key -ndays 1 -reqin ${name}.req -respout ${name}.resp`
    await promisify(execFile)('openssl', ['ocsp', ...given.split(' '), ...words], { cwd: folder })
    return readFileSync(path(`${name}.resp`))
  }
}

/** A line of the database of openssl. */
export function indexLine({ serial }: Holder, state: 'V' | 'R'): string {
  const number = serial.toString('hex').toUpperCase()
  return `${state}\t351121000000Z\t${state === 'R' ? '201121000000Z' : ''}\t${number}\tunknown\t/CN=x\n`
}

export interface AnswerWishes {
  readonly status?: 'good' | 'revoked' | 'unknown'
  readonly thisUpdate?: number
  readonly nextUpdate?: number | null
  readonly about?: Holder
  readonly signer?: Holder
  readonly certificates?: readonly Holder[]
}

/** An answer made byte by byte. */
export function answerFor(certificate: Holder, issuer: Holder, wishes: AnswerWishes = {}): Buffer {
  const {
    status = 'good',
    thisUpdate = Date.now() - 1_000,
    nextUpdate = Date.now() + 3_600_000,
    signer = issuer,
  } = wishes
  const about = readCertificate((wishes.about ?? certificate).certificate)
  const authority = readCertificate(issuer.certificate)
  if (typeof about === 'string' || typeof authority === 'string') throw new Error('cannot be read')
  const { id } = statusRequest(about, authority, false)
  const statuses = {
    good: implicit(0, Buffer.alloc(0)),
    revoked: explicit(1, time(thisUpdate)),
    unknown: implicit(2, Buffer.alloc(0)),
  }
  const single = seq(
    seq(seq(oid('1.3.14.3.2.26'), Buffer.from([5, 0])), octets(id.nameHash), octets(id.keyHash), integer(id.serial)),
    statuses[status],
    time(thisUpdate),
    ...(nextUpdate === null ? [] : [explicit(0, time(nextUpdate))]),
  )
  const body = seq(explicit(1, nameOf(signer.name)), time(Date.now()), seq(single))
  const certificates = (wishes.certificates ?? []).map(({ certificate: der }) => der)
  const basic = signed(
    body,
    signer.privateKey,
    ...(certificates.length === 0 ? [] : [explicit(0, seq(...certificates))]),
  )
  return seq(encoded(Tag.Enumerated, Buffer.from([0])), explicit(0, seq(oid('1.3.6.1.5.5.7.48.1.1'), octets(basic))))
}
