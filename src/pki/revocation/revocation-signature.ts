import { constants, type KeyObject, verify } from 'node:crypto'
import { Der, DerMistake, Tag } from '../certificate/certificate-facts-der.ts'

/** Something signed, in the form that certificates, revocation lists and answers of OCSP share. */
export interface Signed {
  /** What is signed, in its encoding. */
  readonly body: Buffer
  /** AlgorithmIdentifier [RFC 5280 4.1.1.2]. */
  readonly algorithm: Buffer
  readonly signature: Buffer
}

/** Reads body, algorithm and signature. */
export function readSigned(whole: Der): Signed {
  return { body: whole.element(), algorithm: whole.element(), signature: whole.octets() }
}

/** Whether the key made the signature. Large bodies are gone through off the event loop. */
export async function isSignedBy({ body, algorithm, signature }: Signed, key: KeyObject): Promise<boolean> {
  const { digest, options } = methodOf(algorithm)
  return await new Promise((resolve) => {
    // A key of another kind than the algorithm is an error here, and did not sign.
    verify(digest, body, { key, ...options }, signature, (error, good) => resolve(error === null && good))
  })
}

interface Method {
  readonly digest: string | null
  readonly options: { readonly padding?: number; readonly saltLength?: number }
}

/** @throws DerMistake for an algorithm that is not known, or no longer good. */
function methodOf(algorithm: Buffer): Method {
  const reader = new Der(algorithm).inside(Tag.Sequence)
  const oid = reader.oid()
  if (oid === rsaPss) return pssOf(reader.inside(Tag.Sequence))
  const digest = digests.get(oid)
  if (digest === undefined) throw new DerMistake(`it is signed with an algorithm that is not accepted (${oid})`)
  return { digest, options: {} }
}

function pssOf(parameters: Der): Method {
  const hash = parameters.optional(0xa0)?.inside(Tag.Sequence).oid() ?? ''
  parameters.optional(0xa1)
  const salt = parameters.optional(0xa2)?.value(Tag.Integer)
  const digest = pssDigests.get(hash)
  if (digest === undefined || salt?.length !== 1) throw new DerMistake('it is signed with parameters not accepted')
  return { digest, options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt[0] ?? 0 } }
}

const rsaPss = '1.2.840.113549.1.1.10'

const digests: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.3.101.112', null],
  ['1.3.101.113', null],
])

const pssDigests: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])
