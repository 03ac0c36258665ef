import { createPublicKey, X509Certificate } from 'node:crypto'
import { type Key, keyOf, maximumKeys } from './keys.ts'

const block = /-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]*-----END \1-----/g

/**
 * The keys of all public keys and certificates of a PEM file. A certificate's key is good as long as the certificate.
 *
 * @throws Error saying what is wrong with the file.
 */
export function parsePemKeys(text: string): Key[] {
  const blocks = [...text.matchAll(block)]
  if (blocks.length === 0) throw new Error('there is no PEM public key or certificate in it')
  if (blocks.length > maximumKeys) throw new Error(`there are more than ${maximumKeys} keys in it`)
  return blocks.map(([pem, label = ''], index) => {
    const key = keyOfBlock(pem, label)
    if (typeof key === 'string') throw new Error(`block ${index + 1} cannot be used: ${key}`)
    return key
  })
}

function keyOfBlock(pem: string, label: string): Key | string {
  if (label.endsWith('PRIVATE KEY'))
    return 'it is a private key, which only the issuer should have; give the public key'
  try {
    if (label === 'CERTIFICATE') return keyOfCertificate(new X509Certificate(pem))
    if (label === 'PUBLIC KEY' || label === 'RSA PUBLIC KEY') return keyOf(createPublicKey(pem), null)
  } catch {
    return `it is not a valid ${label.toLowerCase()}`
  }
  return `it is neither a public key nor a certificate, but ${label.toLowerCase()}`
}

function keyOfCertificate({ publicKey, validFromDate, validToDate }: X509Certificate): Key | string {
  return keyOf(publicKey, null, validFromDate.getTime(), validToDate.getTime())
}
