import { isUtf8 } from 'node:buffer'
import { bytesOf } from '../password/hash-base64.ts'

/** The first message of a client [RFC 5802 §7]. */
export interface ClientFirst {
  /** What channel binding and authorization identity are said to be: `n,,` for none. */
  readonly header: string
  readonly authorizationName: string | null
  readonly name: string
  readonly nonce: string
  /** The message without its header: part of what is signed. */
  readonly bare: string
}

/** The last message of a client. */
export interface ClientFinal {
  readonly channelBinding: Buffer
  readonly nonce: string
  readonly proof: Buffer
  /** The message up to the proof: part of what is signed. */
  readonly withoutProof: string
}

const maximumBytes = 8_192
const maximumNonce = 1_024
const nonceForm = /^[\x21-\x2b\x2d-\x7e]+$/
/** Extensions that may be ignored: a letter, `=` and a text. `m` stands for those that may not. */
const extensionForm = /^[A-Za-ln-z]=./

/** The text of a message, or null when it has none or too much of it. */
export function textOf(data: Buffer | null): string | null {
  if (data === null || data.length === 0 || data.length > maximumBytes || !isUtf8(data) || data.includes(0)) return null
  return data.toString()
}

/** Reads `n,,n=name,r=nonce`; a text says what is wrong. */
export function parseClientFirst(text: string): ClientFirst | string {
  const [binding = '', authorization, ...attributes] = text.split(',')
  if (binding.startsWith('p=')) return 'channel binding is not offered'
  if ((binding !== 'n' && binding !== 'y') || authorization === undefined) return 'the GS2 header is malformed'
  const authorizationName = authorization === '' ? null : nameIn(authorization, 'a=')
  if (authorization !== '' && authorizationName === null) return 'the authorization identity is malformed'
  const [nameAttribute = '', nonceAttribute = '', ...extensions] = attributes
  if (nameAttribute.startsWith('m=')) return 'it needs an extension that is not known here'
  const name = nameIn(nameAttribute, 'n=')
  if (name === null) return 'the user name is malformed'
  const nonce = nonceIn(nonceAttribute)
  if (nonce === null) return 'the nonce is malformed'
  if (!extensions.every((extension) => extensionForm.test(extension))) return 'an extension is malformed'
  const header = `${binding},${authorization},`
  return { header, authorizationName, name, nonce, bare: text.slice(header.length) }
}

/** Reads `c=binding,r=nonce,p=proof`; a text says what is wrong. */
export function parseClientFinal(text: string, proofLength: number): ClientFinal | string {
  const [bindingAttribute = '', nonceAttribute = '', ...rest] = text.split(',')
  const proofAttribute = rest.pop() ?? ''
  const channelBinding = bindingAttribute.startsWith('c=') ? bytesOf(bindingAttribute.slice(2), 1, maximumBytes) : null
  if (channelBinding === null) return 'the channel binding is malformed'
  const nonce = nonceIn(nonceAttribute)
  if (nonce === null) return 'the nonce is malformed'
  if (!rest.every((extension) => extensionForm.test(extension))) return 'an extension is malformed'
  const proof = proofAttribute.startsWith('p=') ? bytesOf(proofAttribute.slice(2), proofLength, proofLength) : null
  if (proof === null) return 'the proof is malformed'
  const withoutProof = text.slice(0, text.length - proofAttribute.length - 1)
  return { channelBinding, nonce, proof, withoutProof }
}

function nonceIn(attribute: string): string | null {
  const nonce = attribute.slice(2)
  return attribute.startsWith('r=') && nonce.length <= maximumNonce && nonceForm.test(nonce) ? nonce : null
}

/** A name, in which `,` is written `=2C` and `=` is `=3D`. */
function nameIn(attribute: string, start: string): string | null {
  const written = attribute.slice(start.length)
  if (!attribute.startsWith(start) || written === '') return null
  if (/=(?!2C|3D)/.test(written)) return null
  return written.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
