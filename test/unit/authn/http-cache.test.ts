import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { HttpCache } from '../../../src/authn/http/http-cache.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { json, status, WebServer } from '../../kit/web-server.ts'
import { Bench, credentials } from './http-kit.ts'

const allow = json({ decision: 'allow', clientAuthenticationName: 'd' })

test('nothing is kept unless it is said', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  for (let round = 0; round < 3; round++) await bench.identity()
  assert.equal(server.seen.length, 3)
})

test('a client that was let in is let in again without a question, for as long as is said', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), cache: { allowed: 60 } })
  const first = await bench.identity()
  bench.clock.advance(59_999)
  assert.deepEqual(await bench.identity(), first)
  assert.equal(server.seen.length, 1)
  bench.clock.advance(1)
  await bench.identity()
  assert.equal(server.seen.length, 2)
})

test('anything else it says is a new question', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), cache: { allowed: 60 } })
  await bench.identity()
  await bench.identity({ password: Buffer.from('Secret') })
  await bench.identity({ username: 'u2' })
  await bench.identity({ clientId: 'c2' })
  // What is between the fields counts, too.
  await bench.identity({ clientId: 'c1","userName":"u', username: '1' })
  assert.equal(server.seen.length, 5)
})

test('no answer is kept beyond its expiration', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), cache: { allowed: 3_600 } })
  const expiration = Math.ceil(bench.clock.wall() / 1_000) + 10
  server.reply = json({ decision: 'allow', expiration })
  assert.equal((await bench.identity()).expiresAt, expiration * 1_000)
  bench.clock.advance(8_000)
  await bench.identity()
  assert.equal(server.seen.length, 1)
  bench.clock.advance(3_000)
  assert.equal((await bench.denial()).reason, Reason.NotAuthorized)
  assert.equal(server.seen.length, 2)
})

test('once the server denies a client, or lets it in by another password, what it said before is gone', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), cache: { allowed: 60 } })
  await bench.identity()
  await bench.identity({ password: Buffer.from('new') })
  server.reply = json({ decision: 'deny' })
  await bench.denial()
  await bench.denial({ password: Buffer.from('new') })
  assert.equal(server.seen.length, 4)
})

test('while the server cannot be asked, only those it let in lately get in', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), cache: { allowed: 60 } })
  await bench.identity()
  server.reply = status(503)
  await bench.denial({ username: 'u2' })
  await bench.identity()
  bench.clock.advance(60_000)
  await bench.denial()
})

test('refusals are kept only if that is said, and failures never', async () => {
  await using server = new WebServer(json({ decision: 'deny' }))
  await using bench = new Bench({ url: await server.url(), cache: { denied: 5 } })
  for (let round = 0; round < 3; round++) assert.equal((await bench.denial()).reason, Reason.NotAuthorized)
  assert.equal(server.seen.length, 1)
  bench.clock.advance(5_000)
  server.reply = status(500)
  await bench.denial()
  server.reply = allow
  await bench.identity()
  await bench.identity()
  assert.equal(server.seen.length, 4)
})

test('it has a limited number of entries, and none of them has a password or anything made of it alone', () => {
  const cache = new HttpCache({ allowed: 60, denied: 0, entries: 10 }, new FakeClock())
  for (let index = 0; index < 100; index++) {
    const claim = { who: credentials({ clientId: `c${index}` }), method: null, data: null }
    cache.keep(claim, Buffer.from(`secret ${index}`), { kind: 'allowed', identity: { name: 'd', method: 'http' } })
  }
  assert.equal(cache.size, 10)
  assert.ok(!inspect(cache, { showHidden: true, depth: 9 }).includes('secret'))
})
