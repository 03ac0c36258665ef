import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqtt from 'mqtt'
import type { Trust } from '../../src/authn/certificate/trust.ts'
import { Chain } from '../../src/authn/chain.ts'
import { openHttpAuthenticator } from '../../src/authn/http/http-authenticator.ts'
import { Throttle } from '../../src/authn/throttle/throttle.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { WatchedFiles } from '../../src/base/watched-files.ts'
import { type Broker, createBroker } from '../../src/broker.ts'
import { type Seen, status, WebServer } from '../kit/web-server.ts'
import { httpOptions } from '../unit/authn/http-kit.ts'

const anyCertificate: Trust = { judge: () => null, review: () => null, watch: () => {}, close: async () => {} }

/** A broker that asks a web server about its clients. */
class Asking implements AsyncDisposable {
  readonly #chain: Chain
  readonly #broker: Broker
  readonly #files: WatchedFiles
  readonly url: string

  private constructor(chain: Chain, broker: Broker, files: WatchedFiles, url: string) {
    this.#chain = chain
    this.#broker = broker
    this.#files = files
    this.url = url
  }

  static async start(section: object, failures: object = {}): Promise<Asking> {
    const [clock, files] = [systemClock(), new WatchedFiles()]
    const http = openHttpAuthenticator(httpOptions(section), { log: silentLog, clock, files })
    const slow = { free: 100, delay: 100, maximumDelay: 1_000, entries: 1_000, loopback: true, ...failures }
    const doorways = new Map([['here', { trust: anyCertificate, authenticators: [http] }]])
    const chain = new Chain({ doorways, clientIds: ['*'], sharedNames: new Set() }, new Throttle(slow, clock))
    const listen = [{ url: 'mqtt://127.0.0.1:0', name: 'here', allowAnonymous: false }]
    const broker = await createBroker({ listen, authenticator: chain })
    return new Asking(chain, broker, files, broker.addresses[0]?.url ?? '')
  }

  /** The code a client is answered with, 0 for one that is let in. */
  async connect(options: mqtt.IClientOptions): Promise<number> {
    const client = mqtt.connect(this.url, { reconnectPeriod: 0, connectTimeout: 60_000, ...options })
    try {
      return await new Promise<number>((resolve, reject) => {
        client.once('connect', () => resolve(0))
        client.once('error', (error) =>
          'code' in error && typeof error.code === 'number' ? resolve(error.code) : reject(error),
        )
      })
    } finally {
      await client.endAsync(true)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.close()
    await this.#chain.close()
    this.#files.close()
  }
}

const user = { username: 'pump-7', password: 'right' }

/** Lets in whoever has the right password, or the right data. */
function judge({ body }: Seen): object {
  const right = [Buffer.from('right').toString('base64')]
  const said: unknown = JSON.parse(body)
  const values = typeof said === 'object' && said !== null ? Object.values(said) : []
  return values.some((value) => right.includes(String(value)))
    ? { decision: 'allow', clientAuthenticationName: 'pump-7' }
    : { decision: 'deny', errorReason: 'wrong' }
}

test('clients of all versions are let in and refused as the webhook says', async () => {
  await using server = new WebServer((seen, response) => response.end(JSON.stringify(judge(seen))))
  await using asking = await Asking.start({ url: await server.url() })
  for (const protocolVersion of [3, 4, 5] as const) {
    const protocolId = protocolVersion === 3 ? 'MQIsdp' : 'MQTT'
    const version = { protocolVersion, protocolId } as const
    assert.equal(await asking.connect({ ...version, ...user }), 0)
    const refused = await asking.connect({ ...version, ...user, password: 'wrong' })
    assert.equal(refused, protocolVersion === 5 ? 0x87 : 5)
  }
})

test('while the server fails, clients are told that the broker is unavailable, and nobody gets in', async () => {
  await using server = new WebServer(status(500))
  await using asking = await Asking.start({ url: await server.url() })
  assert.equal(await asking.connect({ ...user, protocolVersion: 4 }), 3)
  assert.equal(await asking.connect({ ...user, protocolVersion: 5 }), 0x88)
})

test('clients are let in and refused as a server for plug-ins of Mosquitto says', async () => {
  await using server = new WebServer((seen, response) => {
    const right = new URLSearchParams(seen.body).get('password') === 'right'
    response.writeHead(right ? 200 : 403).end()
  })
  await using asking = await Asking.start({ url: await server.url(), contract: 'form' })
  assert.equal(await asking.connect(user), 0)
  assert.equal(await asking.connect({ ...user, password: 'wrong' }), 5)
})

test('data of enhanced authentication is passed on [MQTT-4.12.0-1]', async () => {
  await using server = new WebServer((seen, response) => response.end(JSON.stringify(judge(seen))))
  await using asking = await Asking.start({ url: await server.url(), methods: ['KEY'] })
  const withData = (authenticationMethod: string, data: string) =>
    asking.connect({
      protocolVersion: 5,
      properties: { authenticationMethod, authenticationData: Buffer.from(data) },
    })
  assert.equal(await withData('KEY', 'right'), 0)
  assert.equal(await withData('KEY', 'wrong'), 0x87)
  assert.equal(await withData('OTHER', 'right'), 0x8c)
})

test('who guesses in parallel is sent away, and the server is not asked about most guesses', async () => {
  await using server = new WebServer((seen, response) => response.end(JSON.stringify(judge(seen))))
  await using asking = await Asking.start({ url: await server.url() }, { free: 2 })
  const guess = () => asking.connect({ ...user, password: 'wrong', protocolVersion: 5 })
  await guess()
  await guess()
  const codes = await Promise.all(Array.from({ length: 30 }, guess))
  assert.ok(codes.every((code) => code === 0x87 || code === 0x9f))
  assert.ok(codes.filter((code) => code === 0x9f).length >= 20)
  assert.ok(server.seen.length <= 12)
  assert.equal(await asking.connect({ ...user, username: 'pump-8', protocolVersion: 5 }), 0)
})
