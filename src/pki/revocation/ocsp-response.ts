import { hash } from 'node:crypto'
import { type Certificate, readCertificate, withoutZeros } from '../certificate/certificate-facts.ts'
import { context, Der, DerMistake, Tag } from '../certificate/certificate-facts-der.ts'
import { DistinguishedName } from '../certificate/certificate-facts-names.ts'
import { type CertificateId, nonceOid, type StatusRequest, sha1Oid } from './ocsp-request.ts'
import { Authority } from './revocation-authorities.ts'
import { isSignedBy, readSigned } from './revocation-signature.ts'

/** What a responder says of a certificate. */
export interface StatusAnswer {
  readonly status: 'good' | 'revoked' | 'unknown'
  /** Wall-clock milliseconds since 1970; null when it does not say. */
  readonly nextUpdate: number | null
}

const basicResponse = '1.3.6.1.5.5.7.48.1.1'
const maximumAnswers = 100
const maximumCertificates = 10
/** Milliseconds the clock of the responder may be ahead. */
const skew = 300_000

const failures: Readonly<Record<number, string>> = {
  1: 'it finds the question malformed',
  2: 'it has an internal error',
  3: 'it asks to try later',
  5: 'it wants the question signed',
  6: 'it does not answer for this authority',
}

/**
 * What an answer says of the certificate that was asked for, once it is found to come from the issuer, or from somebody
 * the issuer lets answer [RFC 6960 4.2.2.2].
 *
 * @throws DerMistake for an answer that cannot be taken
 */
export async function readStatusResponse(
  bytes: Buffer,
  request: StatusRequest,
  issuer: Authority,
  now: number,
): Promise<StatusAnswer> {
  const whole = basicOf(bytes)
  const signed = readSigned(whole)
  const certificates = whole.optional(context(0, true))
  const body = new Der(signed.body).inside(Tag.Sequence)
  body.optional(context(0, true))
  const signer = signerOf(body, certificates, issuer, now)
  if (signer.key === null || !(await isSignedBy(signed, signer.key)))
    throw new DerMistake('its signature is not that of the responder')
  body.time()
  const answer = findAnswer(body.inside(Tag.Sequence), request.id, now)
  checkNonce(body.optional(context(1, true)), request.nonce)
  return answer
}

function basicOf(bytes: Buffer): Der {
  const whole = new Der(bytes).inside(Tag.Sequence)
  const code = whole.value(Tag.Enumerated)[0] ?? -1
  if (code !== 0) throw new DerMistake(failures[code] ?? `it answers with status ${code}`)
  const response = whole.inside(context(0, true)).inside(Tag.Sequence)
  if (response.oid() !== basicResponse) throw new DerMistake('its answer is of a kind not known here')
  return response.inside(Tag.OctetString).inside(Tag.Sequence)
}

function signerOf(body: Der, certificates: Der | null, issuer: Authority, now: number): Authority {
  const element = body.optional(context(1, true))?.inside(Tag.Sequence)
  const byName = element === undefined ? undefined : new DistinguishedName(element).toKey()
  const byKey = byName === undefined ? body.inside(context(2, true)).value(Tag.OctetString) : null
  const isIt = ({ subjectName, publicKey }: Certificate) =>
    byKey === null ? subjectName === byName : byKey.equals(hash('sha1', publicKey, 'buffer'))
  if (isIt(issuer.certificate)) return issuer
  const list = certificates?.inside(Tag.Sequence)
  for (let count = 0; list?.more && count < maximumCertificates; count++) {
    const certificate = readCertificate(list.element())
    if (typeof certificate !== 'string' && isIt(certificate)) return delegate(certificate, issuer, now)
  }
  throw new DerMistake('it is signed by somebody whose certificate is not with it')
}

function delegate(certificate: Certificate, issuer: Authority, now: number): Authority {
  const { notBefore, notAfter } = certificate.facts
  if (certificate.issuerName !== issuer.certificate.subjectName || !issuer.signed(certificate))
    throw new DerMistake('the certificate of the responder is not issued by the authority it answers for')
  if (!certificate.signsStatus) throw new DerMistake('the certificate of the responder is not meant to sign answers')
  if (now < notBefore || now > notAfter) throw new DerMistake('the certificate of the responder is not valid now')
  return new Authority(certificate)
}

function findAnswer(answers: Der, id: CertificateId, now: number): StatusAnswer {
  for (let count = 0; answers.more && count < maximumAnswers; count++) {
    const answer = answers.inside(Tag.Sequence)
    if (isAbout(answer.inside(Tag.Sequence), id)) return readAnswer(answer, now)
  }
  throw new DerMistake('it does not answer for the certificate that was asked for')
}

function isAbout(said: Der, { nameHash, keyHash, serial }: CertificateId): boolean {
  const algorithm = said.inside(Tag.Sequence).oid()
  const sameName = said.value(Tag.OctetString).equals(nameHash)
  const sameKey = said.value(Tag.OctetString).equals(keyHash)
  return algorithm === sha1Oid && sameName && sameKey && withoutZeros(said.value(Tag.Integer)).equals(serial)
}

function readAnswer(answer: Der, now: number): StatusAnswer {
  const status = statuses.get(answer.tag)
  if (status === undefined) throw new DerMistake('it says a status not known here')
  answer.element()
  if (answer.time() > now + skew) throw new DerMistake('its answer is from the future')
  const nextUpdate = answer.optional(context(0, true))?.time() ?? null
  if (nextUpdate !== null && nextUpdate <= now) throw new DerMistake('its answer is out of date')
  return { status, nextUpdate }
}

const statuses: ReadonlyMap<number, StatusAnswer['status']> = new Map([
  [context(0), 'good'],
  [context(1, true), 'revoked'],
  [context(2), 'unknown'],
])

function checkNonce(wrapper: Der | null, nonce: Buffer | null): void {
  if (nonce === null) return
  const list = wrapper?.inside(Tag.Sequence)
  while (list?.more) {
    const extension = list.inside(Tag.Sequence)
    if (extension.oid() !== nonceOid) continue
    extension.optional(Tag.Boolean)
    if (extension.inside(Tag.OctetString).value(Tag.OctetString).equals(nonce)) return
  }
  throw new DerMistake('it does not repeat the random number of the question')
}
