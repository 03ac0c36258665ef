import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { Subject } from '../../../../src/authz/policy/subject.ts'
import { json, status, WebServer } from '../../../kit/web-server.ts'
import { clientOf } from '../kit.ts'
import { Bench } from './kit.ts'

const allow = json({ decision: 'allow' })

function asked(server: WebServer, index = 0): unknown {
  return JSON.parse(server.seen[index]?.body ?? '')
}

test('the service is told who wants to do what', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  const identity = { name: 'alice', roles: ['r'], groups: ['g'], attributes: { site: 'north', tags: ['a', 'b'] } }
  await bench.ask({}, new Subject(clientOf('c1', identity)))
  equal(server.seen[0]?.method, 'POST')
  equal(server.seen[0]?.headers['content-type'], 'application/json')
  deepEqual(asked(server), {
    action: 'publish',
    topic: 'a/b',
    qos: 1,
    retain: false,
    clientId: 'c1',
    identity: 'alice',
    method: 'password',
    roles: ['r'],
    groups: ['g'],
    attributes: { site: 'north', tags: ['a', 'b'] },
    address: '192.0.2.7',
    listener: 'l',
    version: 5,
  })
})

test('a client that proved nothing has no identity, whatever it calls itself', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), actions: ['connect'] })
  const stranger = new Subject(clientOf('c2', { name: 'alice', method: 'anonymous' }))
  await bench.ask({ action: 'connect', topic: '' }, stranger)
  deepEqual(asked(server), {
    action: 'connect',
    clientId: 'c2',
    method: 'anonymous',
    address: '192.0.2.7',
    listener: 'l',
    version: 5,
  })
})

test('the service allows, denies or leaves it to others, and says why', async () => {
  await using server = new WebServer(json({ decision: 'allow', reason: 'owns\nit' }))
  await using bench = new Bench({ url: await server.url() })
  deepEqual(await bench.ask({ topic: '1' }), { decision: 'allow', why: 'service allows it: owns it' })
  server.reply = json({ decision: 'deny' })
  deepEqual(await bench.ask({ topic: '2' }), { decision: 'deny', why: 'service denies it' })
  server.reply = json({ decision: 'unknown', reason: null, ttl: null })
  deepEqual(await bench.ask({ topic: '3' }), { decision: 'unknown', why: 'service does not know' })
})

test('what is no decision denies, and is asked again', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  const bodies = ['', 'null', '[]', '"allow"', '{}', '{"decision":"Allow"}', '{"decision":["allow"]}', '\xff{']
  const wrong = ['{"decision":"allow","reason":1}', '{"decision":"allow","ttl":"1"}', '{"decision":"allow","ttl":-1}']
  for (const body of [...bodies, ...wrong]) {
    server.reply = (_seen, response) => response.end(Buffer.from(body, 'latin1'))
    const { decision, why } = await bench.ask()
    equal(decision, 'deny', body)
    match(why, /^service answered with (no JSON object|no decision|a reason|a ttl)/)
  }
  for (const code of [201, 204, 301, 302, 307, 400, 401, 403, 404, 500]) {
    server.reply = (_seen, response) =>
      response.writeHead(code, { location: '/elsewhere' }).end(code === 204 ? '' : '{"decision":"allow"}')
    deepEqual(await bench.ask(), { decision: 'deny', why: `service answered with status ${code}` })
  }
  equal(server.seen.length, bodies.length + wrong.length + 10)
  ok(server.seen.every(({ url }) => !url.includes('elsewhere')))
})

test('what a client can make larger than any question is denied and not asked', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  const { decision, why } = await bench.ask({ topic: 'ä'.repeat(40_000) })
  equal(decision, 'deny')
  match(why, /more than 65536 bytes/)
  equal(server.seen.length, 0)
})

test('plug-ins of Mosquitto are asked with four fields, and answer by status', async () => {
  await using server = new WebServer(status(200))
  await using bench = new Bench({ url: await server.url(), contract: 'form' })
  equal((await bench.ask({ topic: 'a/ü &+' })).decision, 'allow')
  await bench.ask({ action: 'subscribe', topic: 'a/+/#' })
  await bench.ask({ action: 'will' }, new Subject(clientOf('c 2', { name: 'x', method: 'anonymous' })))
  deepEqual(
    server.seen.map(({ body }) => body),
    [
      'username=alice&clientid=c1&topic=a%2F%C3%BC+%26%2B&acc=2',
      'username=alice&clientid=c1&topic=a%2F%2B%2F%23&acc=4',
      'username=&clientid=c+2&topic=a%2Fb&acc=2',
    ],
  )
  server.reply = status(403)
  deepEqual(await bench.ask({ topic: 'x' }), { decision: 'deny', why: 'service denies it: status 403' })
  server.reply = status(500)
  deepEqual(await bench.ask({ topic: 'y' }), { decision: 'deny', why: 'service answered with status 500' })
})

test('plug-ins of Mosquitto can be asked and answer in JSON, or answer by text', async () => {
  await using server = new WebServer(json({ ok: false, error: 'no' }))
  await using bench = new Bench({ url: await server.url(), contract: 'form', body: 'json', reply: 'json' })
  deepEqual(await bench.ask(), { decision: 'deny', why: 'service denies it: no' })
  deepEqual(asked(server), { username: 'alice', clientid: 'c1', topic: 'a/b', acc: 2 })
  server.reply = json({ ok: true })
  equal((await bench.ask({ topic: 'x' })).decision, 'allow')
  server.reply = status(200, 'ok\n')
  equal((await bench.ask({ topic: 'y' })).decision, 'deny')
  await using text = new Bench({ url: await server.url(), contract: 'form', reply: 'text' })
  equal((await text.ask()).decision, 'allow')
})
