import type { Authenticator, Credentials, Exchange, ExchangeStep } from '../../../src/engine/ports.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import type { BuildProperties } from '../../kit/properties.ts'
import type { Target } from '../../kit/target.ts'
import { fresh } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

export const method = 'CHALLENGE'

/**
 * An enhanced-authentication method for tests: the server sends `question` until the client sends `answer`, which it
 * confirms with `welcome`; `wrong` fails. Other methods are unknown, and clients without a method are let in.
 */
export const challenge: Authenticator = {
  authenticate: ({ clientId }) => ({ name: clientId, method: 'anonymous' }),
  begin: (name, who) => (name === method ? new Challenge(who) : null),
}

class Challenge implements Exchange {
  readonly #who: Credentials

  constructor(who: Credentials) {
    this.#who = who
  }

  step(data: Buffer | null): ExchangeStep | Promise<ExchangeStep> {
    const step = this.#decide(data?.toString())
    return data?.toString().startsWith('later') ? new Promise((resolve) => setImmediate(resolve, step)) : step
  }

  #decide(text: string | undefined): ExchangeStep {
    switch (text?.replace(/^later /, '')) {
      case 'answer':
        return {
          kind: 'success',
          identity: { name: this.#who.clientId, method: 'challenge' },
          data: Buffer.from('welcome'),
        }
      case 'wrong':
        return { kind: 'failure', reason: 0x87, detail: 'the answer to the challenge was wrong' }
      default:
        return { kind: 'continue', data: Buffer.from('question') }
    }
  }
}

/** AUTH 0x18 of a client, or with another code. */
export function auth(text: string, reason = 0x18): Buffer {
  return v5.auth({ reason, properties: said(text) })
}

export function said(text: string): BuildProperties {
  return { authenticationMethod: method, authenticationData: text }
}

/** CONNECT sent, and the server's first question taken. */
export async function asked(broker: Target, fields: ConnectFields = {}): Promise<WireClient> {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), properties: said('hello'), ...fields }))
  const authenticationData = Buffer.from('question')
  await client.expect('auth', { code: 0x18, properties: { authenticationMethod: method, authenticationData } })
  return client
}

/** Connected by the method. */
export async function authenticated(broker: Target, fields: ConnectFields = {}): Promise<WireClient> {
  const client = await asked(broker, fields)
  client.send(auth('answer'))
  await client.expect('connack', { code: 0, properties: { authenticationMethod: method } })
  return client
}
