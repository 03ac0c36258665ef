import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reason } from '../../../src/packet/reason.ts'
import { json, status, WebServer } from '../../kit/web-server.ts'
import { Bench } from './http-kit.ts'

const allow = json({ decision: 'allow', clientAuthenticationName: 'd' })
const breaker = { failures: 3, pause: 1_000, maximumPause: 4_000 }

test('a server that does not answer is left alone for a while, then tried, and asked again once it answers', async () => {
  await using server = new WebServer(status(503))
  await using bench = new Bench({ url: await server.url(), breaker })
  for (let round = 0; round < 10; round++)
    assert.equal((await bench.denial()).reason, Reason.ServerUnavailable, 'never lets in')
  assert.equal(server.seen.length, 3)
  assert.match((await bench.denial()).detail, /is not asked for a while$/)
  bench.clock.advance(1_000)
  await bench.denial()
  await bench.denial()
  assert.equal(server.seen.length, 4)
  server.reply = allow
  bench.clock.advance(2_000)
  for (let round = 0; round < 5; round++) await bench.identity()
  assert.equal(server.seen.length, 9)
})

test('the log says when it stops and when it works again, and nothing in between', async () => {
  await using server = new WebServer(status(502))
  await using bench = new Bench({ url: await server.url(), breaker })
  for (let round = 0; round < 5; round++) {
    for (let time = 0; time < 5; time++) await bench.denial()
    bench.clock.advance(4_000)
  }
  server.reply = allow
  await bench.identity()
  assert.deepEqual(
    bench.lines.map(({ level, message }) => [level, message]),
    [
      ['error', 'HTTP authentication does not work, clients are told to come back later'],
      ['info', 'HTTP authentication works again'],
    ],
  )
  assert.equal(bench.lines[0]?.fields.cause, 'answered with status 502')
  assert.match(String(bench.lines[0]?.fields.url), /^http:\/\/127\.0\.0\.1:\d+\/auth$/)
})

test('answers a client can bring about do not keep others out', async () => {
  await using server = new WebServer(status(500))
  await using bench = new Bench({ url: await server.url(), breaker })
  for (const reply of [status(500), status(200, 'nonsense'), status(404), json({ decision: 'deny' })]) {
    server.reply = reply
    for (let round = 0; round < 5; round++) await bench.denial({ username: 'attacker' })
    server.reply = allow
    await bench.identity()
  }
})

test('while one is let through to try, others are told to come back later', async () => {
  await using server = new WebServer(status(503))
  await using bench = new Bench({ url: await server.url(), breaker })
  for (let round = 0; round < 3; round++) await bench.denial()
  bench.clock.advance(1_000)
  const answers: (() => void)[] = []
  server.reply = (seen, response) => answers.push(() => allow(seen, response))
  const trial = bench.identity()
  await server.asked(4)
  assert.equal((await bench.denial()).reason, Reason.ServerUnavailable)
  for (const answer of answers) answer()
  await trial
  assert.equal(server.seen.length, 4)
})

test('those who wait for a turn when the server is given up are not made to try', async () => {
  await using server = new WebServer(status(503))
  await using bench = new Bench({ url: await server.url(), connections: 1, breaker })
  await Promise.all(Array.from({ length: 20 }, () => bench.denial()))
  assert.equal(server.seen.length, 3)
})
