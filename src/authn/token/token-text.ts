import { maximumKeyIdLength } from './jwks.ts'
import { isRecord, parseStrictObject } from './token-json.ts'

/** A signed token [RFC 7519] in compact form [RFC 7515 7.1], taken apart; nothing it says is known to be true. */
export interface Token {
  readonly text: string
  readonly algorithm: string
  readonly keyId: string | null
  /** The `typ` of the header, null for none. */
  readonly type: string | null
  readonly claims: Readonly<Record<string, unknown>>
}

/** What is wrong with a token. */
export interface TokenFault {
  readonly fault: string
}

/** Longer tokens are refused. */
const maximumTokenBytes = 16_384

const signed = /^[\w-]+\.[\w-]+\.[\w-]*$/
const encrypted = /^[\w-]+\.[\w-]*\.[\w-]*\.[\w-]*\.[\w-]*$/
const knownHeaders = new Set(['alg', 'kid', 'typ'])

/** Takes a token apart, strictly. What its header says of where keys are (`jku`, `x5u`, `jwk`, `x5c`) is never looked at. */
export function readToken(bytes: Buffer): Token | TokenFault {
  if (bytes.length > maximumTokenBytes) return wrong(`has ${bytes.length} bytes, more than ${maximumTokenBytes}`)
  const text = bytes.toString('latin1')
  if (encrypted.test(text)) return wrong('is encrypted (JWE); only signed tokens are accepted')
  if (!signed.test(text)) return wrong('is not a signed JSON Web Token')
  const [first = '', second = '', third = ''] = text.split('.')
  const header = readPart(first)
  if (typeof header === 'string') return wrong(`has a header that ${header}`)
  const fault = headerFault(header)
  if (fault !== null) return wrong(fault)
  const claims = readPart(second)
  if (typeof claims === 'string') return wrong(`has a payload that ${claims}`)
  const { alg, kid, typ } = header
  if (decoded(third) === null) return wrong('has a signature that is not base64url')
  return { text, algorithm: textOr(alg) ?? '', keyId: textOr(kid), type: textOr(typ), claims }
}

/** Somebody means this as a token: it has the parts of one, and the first names an algorithm. */
export function looksLikeToken(bytes: Buffer): boolean {
  const text = bytes.toString('latin1')
  if (!signed.test(text) && !encrypted.test(text)) return false
  const end = text.indexOf('.')
  const header = end > maximumTokenBytes ? null : decoded(text.slice(0, end))
  return header !== null && namesAlgorithm(header)
}

function namesAlgorithm(header: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(header.toString())
    return isRecord(value) && typeof value.alg === 'string'
  } catch {
    return false
  }
}

function headerFault(header: Readonly<Record<string, unknown>>): string | null {
  for (const name of knownHeaders) {
    if (header[name] !== undefined && typeof header[name] !== 'string')
      return `has a header whose ${name} is not a text`
  }
  if (header.alg === undefined) return 'has a header without alg'
  if ((textOr(header.kid) ?? '').length > maximumKeyIdLength)
    return `names a key with more than ${maximumKeyIdLength} letters`
  // An extension that must be understood: none is [RFC 7515 4.1.11].
  if (header.crit !== undefined) return 'has a header with crit, an extension that is not known here'
  return header.b64 !== undefined && header.b64 !== true ? 'has claims that are not encoded (b64)' : null
}

function readPart(part: string): Readonly<Record<string, unknown>> | string {
  const bytes = decoded(part)
  if (bytes === null) return 'is not base64url'
  try {
    return parseStrictObject(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return 'is not UTF-8'
  }
}

/** Null unless it is the one way to write these bytes. */
function decoded(part: string): Buffer | null {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : null
}

function textOr(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function wrong(fault: string): TokenFault {
  return { fault }
}
