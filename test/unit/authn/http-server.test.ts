import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Reason } from '../../../src/packet/reason.ts'
import { json, RawServer, status, WebServer } from '../../kit/web-server.ts'
import { Bench, peerWith } from './http-kit.ts'

const allow = json({ decision: 'allow', clientAuthenticationName: 'd' })

async function refused(bench: Bench, detail: RegExp): Promise<void> {
  const denial = await bench.denial()
  assert.equal(denial.reason, Reason.ServerUnavailable)
  assert.equal(denial.told, undefined)
  assert.match(denial.detail, detail)
  assert.ok(!denial.detail.includes('hidden') && !denial.detail.includes('secret'))
}

test('a client that proves nothing is left to others, unless it is said that it is not', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  for (const password of [null, Buffer.alloc(0)]) assert.equal(await bench.ask({ password }), 'unknown')
  assert.equal(server.seen.length, 0)
  await bench.identity({ password: null, peer: peerWith(Buffer.from('a certificate')) })
  await using asking = new Bench({ url: await server.url(), withoutProof: true })
  await asking.identity({ username: null, password: null })
  assert.equal(server.seen.at(-1)?.body, '{"clientId":"c1"}')
})

test('for a form, a certificate is no proof, as it is not sent', async () => {
  await using server = new WebServer(status(200))
  await using bench = new Bench({ url: await server.url(), contract: 'form' })
  assert.equal(await bench.ask({ password: null, peer: peerWith(Buffer.from('a certificate')) }), 'unknown')
})

test('connections are kept and used again', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  for (let round = 0; round < 10; round++) await bench.identity()
  assert.equal(new Set(server.seen.map(({ port }) => port)).size, 1)
})

test('a kept connection that the server closes is no failure', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  await bench.identity()
  server.reply = (_seen, response) => {
    server.reply = allow
    response.socket?.resetAndDestroy()
  }
  await bench.identity()
  assert.equal(server.seen.length, 3)
})

test('a server that resets new connections is asked once', async () => {
  await using server = new WebServer((_seen, response) => response.socket?.resetAndDestroy())
  await using bench = new Bench({ url: await server.url() })
  await refused(bench, /127\.0\.0\.1:\d+\/auth closed the connection \(ECONNRESET\)$/)
  assert.equal(server.seen.length, 1)
})

test('nobody gets in while nothing listens', async () => {
  const url = await (async () => {
    await using server = new WebServer(allow)
    return await server.url()
  })()
  await using bench = new Bench({ url })
  await refused(bench, /does not listen \(ECONNREFUSED\)$/)
})

test('a server that hangs is given up, and its connection closed', async () => {
  const closed = Promise.withResolvers<void>()
  await using server = new WebServer((_seen, response) => response.on('close', closed.resolve))
  await using bench = new Bench({ url: await server.url(), timeout: 2_000 })
  const asked = refused(bench, /did not answer in time$/)
  await server.asked(1)
  bench.clock.advance(1_900)
  bench.clock.advance(600)
  await asked
  await closed.promise
})

test('a server that hangs on a kept connection is not asked again', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), timeout: 2_000 })
  await bench.identity()
  server.reply = () => {}
  const asked = refused(bench, /did not answer in time$/)
  await server.asked(2)
  bench.clock.advance(2_500)
  await asked
  server.reply = allow
  for (let round = 0; round < 10; round++) await bench.identity()
  assert.equal(server.seen.length, 12)
})

test('an answer that comes drop by drop is given up, too', async () => {
  let drops: NodeJS.Timeout | undefined
  await using server = new WebServer((_seen, response) => {
    drops = setInterval(() => response.write(' '), 5)
  })
  await using bench = new Bench({ url: await server.url(), timeout: 2_000 })
  const asked = refused(bench, /did not answer in time$/)
  await server.asked(1)
  bench.clock.advance(1_000)
  bench.clock.advance(1_500)
  await asked
  clearInterval(drops)
})

test('an answer that is too large is not read to its end', async () => {
  await using server = new WebServer((_seen, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    }
    response.on('drain', more)
    more()
  })
  await using bench = new Bench({ url: await server.url() })
  await refused(bench, /answered more than 65536 bytes$/)
})

test('redirects are not followed', async () => {
  await using other = new WebServer(allow)
  const location = await other.url()
  await using server = new WebServer((_seen, response) => response.writeHead(307, { location }).end())
  await using bench = new Bench({ url: await server.url() })
  await refused(bench, /answered with status 307$/)
  assert.equal(other.seen.length, 0)
})

test('what is compressed is not read', async () => {
  await using server = new WebServer((_seen, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"decision":"allow"}'))
  })
  await using bench = new Bench({ url: await server.url() })
  await refused(bench, /compressed/)
  assert.equal(server.seen[0]?.headers['accept-encoding'], 'identity')
})

const notAnswers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'no JSON': (response) => response.end('<html>welcome</html>'),
  'an empty body': (response) => response.end(),
  'cut JSON': (response) => response.end('{"decision":"allow"'),
  'bytes that are not UTF-8': (response) => response.end(Buffer.from([123, 255, 125])),
  'status 500': (response) => response.writeHead(500).end('{"decision":"allow"}'),
  'status 201': (response) => response.writeHead(201).end('{"decision":"allow"}'),
  'fewer bytes than said': (response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"decision":"allow"}')
    setImmediate(() => response.destroy())
  },
  'chunks without an end': (response) => {
    response.write('{"decision":"allow"}')
    setImmediate(() => response.destroy())
  },
}

for (const [what, reply] of Object.entries(notAnswers)) {
  test(`nobody gets in by ${what}`, async () => {
    await using server = new WebServer((_seen, response) => reply(response))
    await using bench = new Bench({ url: await server.url() })
    await refused(bench, /./)
  })
}

const noise: Readonly<Record<string, (socket: Socket) => void>> = {
  'nothing at all': (socket) => socket.end(),
  'something else than HTTP': (socket) => socket.end('SSH-2.0-OpenSSH\r\n'),
  'half a header': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-'),
  'two lengths': (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 20\r\nContent-Length: 3\r\n\r\n{"decision":"allow"}'),
  'length and chunks': (socket) =>
    socket.end(
      'HTTP/1.1 200 OK\r\nContent-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{"decision":"allow"}\r\n0\r\n\r\n',
    ),
  'a large header': (socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n{"decision":"allow"}`),
  'an upgrade': (socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n{"decision":"allow"}'),
  'only a promise to go on': (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n'),
}

for (const [what, answer] of Object.entries(noise)) {
  test(`nobody gets in by ${what}`, async () => {
    await using server = new RawServer(answer)
    await using bench = new Bench({ url: await server.url() })
    await refused(bench, /./)
  })
}

test('so many are asked at a time, others wait, and when too many wait they are sent away', async () => {
  const held: ServerResponse[] = []
  await using server = new WebServer((_seen, response) => held.push(response))
  await using bench = new Bench({ url: await server.url(), connections: 2, waiting: 1 })
  const first = bench.identity({ clientId: '1' })
  const second = bench.identity({ clientId: '2' })
  const third = bench.identity({ clientId: '3' })
  const fourth = await bench.denial({ clientId: '4' })
  assert.equal(fourth.reason, Reason.ServerBusy)
  assert.match(fourth.detail, /slow: 2 questions are underway and 1 wait$/)
  await server.asked(2)
  assert.equal(server.seen.length, 2)
  server.reply = allow
  for (const response of held) response.end('{"decision":"allow"}')
  await Promise.all([first, second, third])
  assert.equal(server.seen.length, 3)
})

test('the time spent waiting for a turn counts, and no turn is no failure of the server', async () => {
  await using server = new WebServer(() => {})
  const breaker = { failures: 2 }
  await using bench = new Bench({ url: await server.url(), connections: 1, timeout: 2_000, breaker })
  const first = bench.denial()
  const second = bench.denial()
  const third = bench.denial()
  await server.asked(1)
  bench.clock.advance(2_500)
  assert.equal((await first).reason, Reason.ServerUnavailable)
  assert.equal((await second).reason, Reason.ServerBusy)
  assert.equal((await third).reason, Reason.ServerBusy)
  server.reply = allow
  await bench.identity()
})

test('credentials that are larger than any real ones are not passed on', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  const denial = await bench.denial({ password: Buffer.alloc(60_000) })
  assert.equal(denial.reason, Reason.BadUserNameOrPassword)
  assert.equal(server.seen.length, 0)
})

test('closing ends what is underway and what waits', async () => {
  await using server = new WebServer(() => {})
  const bench = new Bench({ url: await server.url(), connections: 1 })
  const first = bench.denial()
  const second = bench.denial()
  await server.asked(1)
  await bench.authenticator.close?.()
  assert.equal((await first).reason, Reason.ServerUnavailable)
  assert.notEqual((await second).reason, undefined)
  assert.equal((await bench.denial()).reason, Reason.ServerUnavailable)
  bench.files.close()
})
