import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { test } from 'node:test'
import { fetchDocument } from '../../../src/authn/token/keys-fetch.ts'
import { selfSigned, skip } from './token-certificates.ts'
import { Files } from './token-kit.ts'

const never = new AbortController().signal

/** A server on a free port for the scope. */
class Site implements AsyncDisposable {
  readonly #server: Server
  readonly paths: string[] = []

  constructor(server: Server) {
    this.#server = server.on('request', ({ url = '' }) => this.paths.push(url))
  }

  static async open(listener: RequestListener): Promise<Site> {
    return await new Site(createServer(listener)).listen()
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  url(path: string, scheme = 'http', host = '127.0.0.1'): URL {
    const address = this.#server.address()
    assert.ok(typeof address === 'object' && address !== null)
    return new URL(`${scheme}://${host}:${address.port}${path}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

async function get(site: Site, timeout = 5_000) {
  return await fetchDocument(site.url('/keys'), { timeout, ca: null, signal: never })
}

async function failure(listener: RequestListener, timeout?: number): Promise<string> {
  await using site = await Site.open(listener)
  const error = await get(site, timeout).catch((reason: unknown) => reason)
  assert.ok(error instanceof Error)
  assert.equal(site.paths.length, 1)
  assert.ok(error.message.startsWith(site.url('/keys').href))
  return error.message.slice(site.url('/keys').href.length + 1)
}

async function ageFor(headers: Readonly<Record<string, string>>): Promise<number | null> {
  await using site = await Site.open((_, response) => response.writeHead(200, headers).end('{}'))
  return (await get(site)).maximumAge
}

test('a document comes with the time it may be used', async () => {
  assert.equal(await ageFor({}), null)
  assert.equal(await ageFor({ 'cache-control': 'public, max-age=300, must-revalidate' }), 300)
  assert.equal(await ageFor({ 'cache-control': 'Max-Age="300"', age: '100' }), 200)
  assert.equal(await ageFor({ 'cache-control': 'max-age=300', age: '1000' }), 0)
  assert.equal(await ageFor({ 'cache-control': 'no-store, max-age=300' }), 0)
  assert.equal(await ageFor({ 'cache-control': 'no-cache' }), 0)
  assert.equal(await ageFor({ 'cache-control': 's-maxage=300' }), null)
  assert.equal(await ageFor({ 'cache-control': 'max-age=-1' }), null)
  assert.equal(await ageFor({ 'cache-control': 'max-age=300', age: 'old' }), 300)
})

test('a redirect is not followed', async () => {
  const moved = await failure((_, response) => response.writeHead(302, { location: '/elsewhere' }).end())
  assert.equal(moved, 'answered 302: redirects are not followed')
})

test('an answer that is not 200, or not plain text, is a failure', async () => {
  assert.equal(await failure((_, response) => response.writeHead(503).end('x'.repeat(100_000))), 'answered 503')
  assert.equal(await failure((_, response) => response.writeHead(204).end()), 'answered 204')
  const packed = await failure((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'))
  assert.equal(packed, 'answered in a content encoding nobody asked for')
  const bytes = await failure((_, response) => response.end(Buffer.from([0xff, 0xfe])))
  assert.equal(bytes, 'answered with something that is not UTF-8 text')
})

test('an answer that does not end is cut off', async () => {
  const endless = await failure((_, response) => {
    const more = () => {
      while (response.write('x'.repeat(65_536)));
    }
    response.on('drain', more)
    more()
  })
  assert.equal(endless, 'answered with more than 262144 bytes')
})

test('an answer that takes too long is given up, before it begins and while it trickles', async () => {
  assert.equal(await failure(() => {}, 50), 'did not answer within 50 ms')
  const trickle = await failure((_, response) => {
    const timer = setInterval(() => response.write(' '), 10)
    response.on('close', () => clearInterval(timer))
  }, 60)
  assert.equal(trickle, 'did not answer within 60 ms')
})

test('a connection that breaks, or is refused, is a failure', async () => {
  assert.match(await failure((request) => request.socket.destroy()), /cannot be reached \(ECONNRESET\)/)
  assert.match(
    await failure((request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{')
      setImmediate(() => request.socket.destroy())
    }),
    /ECONNRESET|aborted/,
  )
  const site = await Site.open(() => {})
  const url = site.url('/keys')
  await site[Symbol.asyncDispose]()
  await assert.rejects(
    fetchDocument(url, { timeout: 1_000, ca: null, signal: never }),
    /cannot be reached \(ECONNREFUSED\)/,
  )
})

test('headers without end are a failure', async () => {
  assert.match(
    await failure((_, response) => response.writeHead(200, { filler: 'x'.repeat(100_000) }).end()),
    /cannot be reached/,
  )
})

test('what is under way ends when it is told to', async () => {
  await using site = await Site.open(() => {})
  const stop = new AbortController()
  const fetched = fetchDocument(site.url('/'), { timeout: 60_000, ca: null, signal: stop.signal })
  setImmediate(() => stop.abort())
  await assert.rejects(fetched)
})

test('over https the certificate must be of a known authority and for the name', { skip }, async () => {
  using files = new Files()
  const { certificate, key } = selfSigned(files)
  const server = createSecureServer({ cert: certificate, key }, (_, response) => response.end('{}'))
  await using site = await new Site(server).listen()
  const rules = { timeout: 5_000, signal: never }
  const named = site.url('/keys', 'https', 'localhost')
  assert.equal((await fetchDocument(named, { ...rules, ca: certificate })).text, '{}')
  await assert.rejects(fetchDocument(named, { ...rules, ca: null }), /DEPTH_ZERO_SELF_SIGNED_CERT/)
  const address = site.url('/keys', 'https')
  await assert.rejects(fetchDocument(address, { ...rules, ca: certificate }), /ERR_TLS_CERT_ALTNAME_INVALID/)
})
