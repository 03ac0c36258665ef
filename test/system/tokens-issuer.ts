import { strict as assert } from 'node:assert'
import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import Provider, { type Adapter, type JWK } from 'oidc-provider'
import { freePort } from './cli-kit.ts'

export const audience = 'mqtt.example'
const clientId = 'pump-7'
const secret = randomBytes(16).toString('hex')

export type SigningAlgorithm = 'RS256' | 'ES256' | 'EdDSA'

/** A real OpenID Connect server, whose keys change and which goes down and comes back as a test wants. */
export class Issuer implements AsyncDisposable {
  readonly url: string
  readonly #port: number
  #server: Server | null = null
  #serve: RequestListener = () => {}
  #keys = 0

  private constructor(port: number) {
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
  }

  static async open(algorithm: SigningAlgorithm): Promise<Issuer> {
    const issuer = new Issuer(await freePort())
    issuer.rotate(algorithm)
    await issuer.start()
    return issuer
  }

  /** From now on it has one key, which it did not have before. */
  rotate(algorithm: SigningAlgorithm): void {
    const provider = providerFor(this.url, keyFor(algorithm, `key-${++this.#keys}`), algorithm)
    const serve = provider.callback()
    this.#serve = (request, response) => void serve(request, response)
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => this.#serve(request, response)).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  /** An access token for so many seconds, got as a device gets one. */
  async token(host = audience, seconds = 30 * 86_400): Promise<string> {
    // The server knows from the path how long a token is to be good.
    const resource = `https://${host}/${seconds}`
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
      resource,
    })
    const response = await fetch(`${this.url}/token`, { method: 'POST', body })
    const answer: unknown = await response.json()
    assert.ok(typeof answer === 'object' && answer !== null && 'access_token' in answer, JSON.stringify(answer))
    return String(answer.access_token)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Keeps nothing: signed access tokens need not be kept. */
class NoAdapter implements Adapter {
  async upsert(): Promise<void> {}
  async find(): Promise<undefined> {}
  async findByUserCode(): Promise<undefined> {}
  async findByUid(): Promise<undefined> {}
  async consume(): Promise<void> {}
  async destroy(): Promise<void> {}
  async revokeByGrantId(): Promise<void> {}
}

function providerFor(issuer: string, key: JWK, alg: SigningAlgorithm): Provider {
  return new Provider(issuer, {
    adapter: NoAdapter,
    jwks: { keys: [key] },
    ttl: { ClientCredentials: (_, token) => token.resourceServer?.accessTokenTTL ?? 600 },
    cookies: { keys: [secret] },
    clients: [
      {
        client_id: clientId,
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: alg,
      },
    ],
    enabledJWA: { idTokenSigningAlgValues: [alg] },
    extraTokenClaims: () => ({
      realm_access: { roles: ['device'] },
      resource_access: { 'my.client': { roles: ['reader'] } },
      floor: 5,
    }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          audience: new URL(resource).host,
          scope: 'publish',
          accessTokenFormat: 'jwt',
          accessTokenTTL: Number(new URL(resource).pathname.slice(1)),
          jwt: { sign: { alg } },
        }),
      },
    },
  })
}

function keyFor(algorithm: SigningAlgorithm, kid: string): JWK {
  const { privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
  const key: JsonWebKey = privateKey.export({ format: 'jwk' })
  return { ...key, kty: key.kty ?? '', kid, alg: algorithm, use: 'sig' }
}
