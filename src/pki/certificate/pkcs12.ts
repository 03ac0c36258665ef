import { createHash, type KeyObject } from 'node:crypto'
import * as der from './der-write.ts'
import { sealingOf } from './sealed-key.ts'

/** What goes into a PKCS#12 file. Certificates are in DER. */
export interface Pkcs12Contents {
  /** What programs call it. */
  readonly name: string
  readonly key: KeyObject
  readonly certificate: Buffer
  /** Of the authorities above it. */
  readonly chain: readonly Buffer[]
}

const macRounds = 10_000

/**
 * Makes a PKCS#12 file [RFC 7292]: key and certificates are encrypted with AES-256, and a code over all of it is made with
 * SHA-256. Programs from before 2010 cannot read that.
 */
export async function pkcs12Of(contents: Pkcs12Contents, passphrase: Buffer): Promise<Buffer> {
  const pki = await import('pkijs')
  const { key, certificate, chain } = contents
  const sealing = sealingOf(passphrase)
  const attributes = attributesOf(contents).map((attribute) => pki.Attribute.fromBER(bytes(attribute)))
  const certificateBag = (value: Buffer) =>
    new pki.SafeBag({
      bagId: '1.2.840.113549.1.12.10.1.3',
      bagValue: new pki.CertBag({ parsedValue: pki.Certificate.fromBER(bytes(value)) }),
      ...(value === certificate ? { bagAttributes: attributes } : {}),
    })
  const keyBag = new pki.PKCS8ShroudedKeyBag({
    parsedValue: pki.PrivateKeyInfo.fromBER(bytes(key.export({ type: 'pkcs8', format: 'der' }))),
  })
  await keyBag.makeInternalValues(sealing)
  const keys = new pki.SafeContents({
    safeBags: [new pki.SafeBag({ bagId: '1.2.840.113549.1.12.10.1.2', bagValue: keyBag, bagAttributes: attributes })],
  })
  const certificates = new pki.SafeContents({ safeBags: [certificate, ...chain].map(certificateBag) })
  const safe = new pki.AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        { privacyMode: 0, value: keys },
        { privacyMode: 1, value: certificates },
      ],
    },
  })
  await safe.makeInternalValues({ safeContents: [{}, sealing] })
  const file = new pki.PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } })
  const { password } = sealing
  await file.makeInternalValues({
    password,
    iterations: macRounds,
    pbkdf2HashAlgorithm: { name: 'SHA-256' },
    hmacHashAlgorithm: 'SHA-256',
  })
  return Buffer.from(file.toSchema().toBER(false))
}

/** The name, and the same number on key and certificate, by which programs know that they belong together. */
function attributesOf({ name, certificate }: Pkcs12Contents): Buffer[] {
  const attribute = (oid: string, value: Buffer) => der.sequence(der.identifier(oid), der.set(value))
  return [
    attribute('1.2.840.113549.1.9.20', der.bmp(name)),
    attribute('1.2.840.113549.1.9.21', der.octets(createHash('sha1').update(certificate).digest())),
  ]
}

function bytes(buffer: Buffer): ArrayBuffer {
  return Uint8Array.from(buffer).buffer
}
