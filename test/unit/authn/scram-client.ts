import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/** The client's side of SCRAM, from RFC 5802 and RFC 7677 alone: nothing of the broker takes part. */
export class ScramClient {
  readonly nonce: string
  readonly #hash: string
  readonly #length: number
  readonly #name: string
  readonly #password: string
  readonly #header: string
  #signed = ''
  #salted = Buffer.alloc(0)

  constructor(method: string, name: string, password: string, nonce = 'fyko+d2lbbFgONRv9qkxdawL', header = 'n,,') {
    this.#hash = method === 'SCRAM-SHA-512' ? 'sha512' : 'sha256'
    this.#length = method === 'SCRAM-SHA-512' ? 64 : 32
    this.#name = name
    this.#password = password
    this.nonce = nonce
    this.#header = header
  }

  first(): Buffer {
    return Buffer.from(this.#header + this.#bare())
  }

  /** The answer to the challenge of the server. */
  final(challenge: Buffer): Buffer {
    const server = attributes(challenge)
    if (!server.r?.startsWith(this.nonce) || server.r.length < this.nonce.length + 18) throw new Error('a bad nonce')
    const salt = Buffer.from(server.s ?? '', 'base64')
    this.#salted = pbkdf2Sync(this.#password, salt, Number(server.i), this.#length, this.#hash)
    const withoutProof = `c=${Buffer.from(this.#header).toString('base64')},r=${server.r}`
    this.#signed = `${this.#bare()},${challenge.toString()},${withoutProof}`
    const clientKey = this.#mac(this.#salted, 'Client Key')
    const storedKey = createHash(this.#hash).update(clientKey).digest()
    const mask = this.#mac(storedKey, this.#signed)
    const proof = clientKey.map((byte, index) => byte ^ (mask[index] ?? 0))
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`)
  }

  /** Whether the server knows the verifier, too. */
  trusts(final: Buffer): boolean {
    const signature = this.#mac(this.#mac(this.#salted, 'Server Key'), this.#signed)
    return attributes(final).v === signature.toString('base64')
  }

  #bare(): string {
    return `n=${this.#name.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${this.nonce}`
  }

  #mac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest()
  }
}

export function attributes(message: Buffer): Readonly<Record<string, string>> {
  const parts = message.toString().split(',')
  return Object.fromEntries(parts.map((part): [string, string] => [part.slice(0, 1), part.slice(2)]))
}
