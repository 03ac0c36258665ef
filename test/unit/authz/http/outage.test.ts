import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Subject } from '../../../../src/authz/policy/subject.ts'
import { json, RawServer, status, WebServer } from '../../../kit/web-server.ts'
import { clientOf } from '../kit.ts'
import { Bench } from './kit.ts'

const allow = json({ decision: 'allow' })
const breaker = { failures: 3, pause: 1_000, maximumPause: 4_000 }

async function denied(bench: Bench, why: RegExp): Promise<void> {
  const answer = await bench.ask()
  equal(answer.decision, 'deny')
  match(answer.why, why)
  ok(!answer.why.includes('hidden'))
}

test('nobody may do what cannot be asked about', async () => {
  const url = await (async () => {
    await using server = new WebServer(allow)
    return await server.url()
  })()
  await using bench = new Bench({ url })
  await denied(bench, /does not listen \(ECONNREFUSED\)$/)
})

test('a service that hangs is given up', async () => {
  await using server = new WebServer(() => {})
  await using bench = new Bench({ url: await server.url(), timeout: 2_000 })
  const asked = denied(bench, /did not answer in time$/)
  await server.asked(1)
  bench.clock.advance(2_500)
  await asked
})

test('an answer that comes drop by drop is given up, too', async () => {
  let drops: NodeJS.Timeout | undefined
  await using server = new WebServer((_seen, response) => {
    drops = setInterval(() => response.write(' '), 5)
  })
  await using bench = new Bench({ url: await server.url(), timeout: 2_000 })
  const asked = denied(bench, /did not answer in time$/)
  await server.asked(1)
  bench.clock.advance(2_500)
  await asked
  clearInterval(drops)
})

test('an endless answer is not read to its end', async () => {
  await using server = new WebServer((_seen, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    }
    response.on('drain', more)
    more()
  })
  await using bench = new Bench({ url: await server.url() })
  await denied(bench, /answered more than 65536 bytes$/)
})

test('a compressed answer is not unpacked, and what is no HTTP not understood', async () => {
  await using server = new WebServer((_seen, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"decision":"allow"}')),
  )
  await using bench = new Bench({ url: await server.url() })
  await denied(bench, /answered in a compressed form$/)
  await using raw = new RawServer((socket) => socket.end('SSH-2.0-x\r\n\r\n'))
  await using other = new Bench({ url: await raw.url() })
  await denied(other, /does not speak HTTP/)
})

test('a service that does not answer is left alone for a while, and what it said before holds on', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), breaker })
  await bench.ask({ topic: 'known' })
  server.reply = status(503)
  for (let round = 0; round < 10; round++) equal((await bench.ask()).decision, 'deny')
  equal(server.seen.length, 4)
  await denied(bench, /is not asked for a while$/)
  equal((await bench.ask({ topic: 'known' })).decision, 'allow')
  server.reply = allow
  bench.clock.advance(1_000)
  equal((await bench.ask()).decision, 'allow')
  deepEqual(
    bench.log.lines.map(({ level, message }) => [level, message]),
    [
      ['error', 'the access service does not work, what it would be asked about is denied'],
      ['info', 'the access service works again'],
    ],
  )
  ok(!JSON.stringify(bench.log.lines).includes('hidden'))
})

test('no more questions than allowed are underway or wait', async () => {
  let underway = 0
  let most = 0
  const answers: (() => void)[] = []
  await using server = new WebServer((seen, response) => {
    most = Math.max(most, ++underway)
    answers.push(() => {
      underway--
      allow(seen, response)
    })
  })
  await using bench = new Bench({ url: await server.url(), connections: 2, waiting: 3 })
  const subjects = Array.from({ length: 10 }, (_, index) => new Subject(clientOf(`c${index}`, { name: 'alice' })))
  const asked = subjects.map((subject) => Promise.resolve(bench.ask({}, subject)))
  for (let count = 1; count <= 5; count++) {
    await server.asked(count)
    answers.shift()?.()
  }
  const decisions = (await Promise.all(asked)).map(({ decision }) => decision)
  equal(decisions.filter((decision) => decision === 'allow').length, 5)
  equal(decisions.filter((decision) => decision === 'deny').length, 5)
  ok(most <= 2)
})

test('a client that asks for much makes nobody wait but itself', async () => {
  const held: (() => void)[] = []
  let underway = 0
  let most = 0
  await using server = new WebServer((seen, response) => {
    if (seen.body.includes('"clientId":"c1"')) {
      most = Math.max(most, ++underway)
      held.push(() => {
        underway--
        allow(seen, response)
      })
    } else allow(seen, response)
  })
  await using bench = new Bench({ url: await server.url(), connections: 16, waiting: 0 })
  const filters = Array.from({ length: 1_100 }, (_, index) => ({ action: 'subscribe', topic: `${index}/#` }) as const)
  const asked = filters.map((filter) => Promise.resolve(bench.ask(filter)))
  await server.asked(8)
  const other = new Subject(clientOf('c2', { name: 'bob' }))
  equal((await bench.ask({ action: 'subscribe', topic: '0/#' }, other)).decision, 'allow')
  for (let count = 0; count < 1_008; count++) {
    await server.asked(Math.min(count + 2, 1_009))
    held.shift()?.()
  }
  const decisions = (await Promise.all(asked)).map(({ decision }) => decision)
  equal(decisions.filter((decision) => decision === 'allow').length, 1_008)
  equal(decisions.filter((decision) => decision === 'deny').length, 92)
  equal(most, 8)
})

test('the service is shown a header from a file, which never shows in a log', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'petaltail-service-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = join(directory, 'token')
  await using server = new WebServer(allow)
  const section = { url: await server.url(), headers: [{ name: 'Authorization', file }] }
  throws(() => new Bench(section), { code: 'ACCESS_FILE_UNREADABLE' })
  await writeFile(file, 'two\nlines')
  throws(() => new Bench(section), { code: 'ACCESS_INVALID' })
  await writeFile(file, 'Bearer one\n')
  await using bench = new Bench(section)
  await bench.ask({ topic: '1' })
  await writeFile(file, 'Bearer two\n')
  bench.files.reload()
  await bench.ask({ topic: '2' })
  await writeFile(file, '')
  bench.files.reload()
  await bench.ask({ topic: '3' })
  deepEqual(
    server.seen.map(({ headers }) => headers.authorization),
    ['Bearer one', 'Bearer two', 'Bearer two'],
  )
  deepEqual(
    bench.log.lines.map(({ level }) => level),
    ['info', 'error'],
  )
  ok(!JSON.stringify(bench.log.lines).includes('Bearer'))
})

test('after the end nothing is asked', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  bench.source.close()
  await denied(bench, /is not asked any more$/)
  equal(server.seen.length, 0)
})
