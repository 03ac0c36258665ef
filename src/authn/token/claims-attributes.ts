import { pathOf } from '../../config/token-check.ts'
import type { AttributeValue } from '../../engine/ports.ts'
import { type ClaimPath, claimAt, claimPath } from './claims-path.ts'
import type { TokenOptions } from './token-options.ts'

/** Claims about the token, not about the client [RFC 7519 4.1]. */
const registered = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])
const int32 = 0x8000_0000

/** Turns claims into attributes of a client. */
export class ClaimAttributes {
  readonly #wanted: readonly { readonly name: string; readonly path: ClaimPath }[]
  readonly #others: boolean
  readonly #maximumBytes: number

  constructor({
    attributes,
    otherClaims,
    attributeBytes,
  }: Pick<TokenOptions, 'attributes' | 'otherClaims' | 'attributeBytes'>) {
    this.#wanted = attributes.map((attribute) => ({ name: attribute.name, path: claimPath(pathOf(attribute)) }))
    this.#others = otherClaims
    this.#maximumBytes = attributeBytes
  }

  /** Claims that cannot be an attribute are passed over; a text says that there is too much of them. */
  of(claims: Readonly<Record<string, unknown>>): Readonly<Record<string, AttributeValue>> | string {
    const found = new Map<string, AttributeValue>()
    if (this.#others) {
      for (const [name, claim] of Object.entries(claims)) {
        if (!registered.has(name)) put(found, name, claim)
      }
    }
    for (const { name, path } of this.#wanted) put(found, name, claimAt(claims, path))
    const attributes = Object.fromEntries(found)
    const bytes = sizeOf(found)
    return bytes > this.#maximumBytes ? `has ${bytes} bytes of attributes, more than ${this.#maximumBytes}` : attributes
  }
}

/** Whole numbers of 32 bits, texts and lists of texts are attributes; anything else is not. */
function put(found: Map<string, AttributeValue>, name: string, claim: unknown): void {
  // Who copies attributes one by one would change the prototype of the copy.
  if (name === '__proto__') return
  if (typeof claim === 'string') found.set(name, claim)
  else if (typeof claim === 'number' && Number.isInteger(claim) && claim >= -int32 && claim < int32)
    found.set(name, claim)
  else if (Array.isArray(claim) && claim.every((item) => typeof item === 'string')) found.set(name, claim)
}

function sizeOf(attributes: ReadonlyMap<string, AttributeValue>): number {
  let bytes = 0
  for (const [name, value] of attributes) {
    bytes += Buffer.byteLength(name)
    for (const part of typeof value === 'object' ? value : [String(value)]) bytes += Buffer.byteLength(part)
  }
  return bytes
}
