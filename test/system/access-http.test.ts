import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { v4, v5 } from '../kit/packets.ts'
import { type Reply, WebServer } from '../kit/web-server.ts'
import type { WireClient } from '../kit/wire-client.ts'
import { called, change, type Dialect, dialects, tokenSection } from './access-kit.ts'
import { notAuthorized, Site } from './identity-kit.ts'

// A web service that decides, and what becomes of clients when it is slow, wrong or gone. The canary needs it for nothing.
const native = dialects.find(({ name }) => name === 'rules') ?? assert.fail()
const own = (filter: string) => ({ user: 'canary', access: 'readwrite', filter }) as const
const rules = native.text([own('canary/#')])

const says =
  (decision: string, more: object = {}): Reply =>
  (_seen, response) =>
    response.end(JSON.stringify({ decision, ...more }))

const opened = new AsyncDisposableStack()
let site: Site
let service: WebServer
let canary: WireClient
let address: string

before(async () => {
  service = new WebServer(says('allow'))
  opened.use(service)
  address = await service.url()
  site = opened.use(await open(native))
  canary = await site.join(called('canary'), { packets: v4 })
  await canary.subscribe('canary/#')
})

after(() => opened.disposeAsync())

afterEach(() => {
  service.reply = says('allow')
})

function open(dialect: Dialect): Promise<Site> {
  const http = { url: address, timeout: '1s', cache: { allowed: 0, denied: 0 }, breaker: { failures: 10_000 } }
  return Site.open({
    config: (at, write) => {
      write(dialect.file, rules)
      return {
        listeners: [{ url: 'mqtt://127.0.0.1:0' }],
        authenticators: [tokenSection(write)],
        access: { sources: [dialect.section(at(dialect.file)), { http }] },
      }
    },
  })
}

async function sing(): Promise<void> {
  canary.send(v4.publish({ topic: 'canary/x' }))
  await canary.expect('publish')
}

/** Has a canary sing until it is over; returns how often. */
async function during(attack: Promise<unknown>): Promise<number> {
  let over = false
  const ended = attack.finally(() => (over = true))
  let songs = 0
  for (; !over; songs++) await sing()
  await ended
  return songs
}

test('what the service says, holds: for messages, wills, subscriptions and their deliveries', async () => {
  service.reply = (seen, response) => {
    const { action, topic } = question(seen.body)
    response.end(
      JSON.stringify({ decision: /^good/.test(topic) && action !== 'connect' ? 'allow' : 'deny', reason: 'so it is' }),
    )
  }
  const ann = await site.join({ ...called('ann'), will: { topic: 'good/will' } })
  ann.send(v5.publish({ topic: 'good/1', qos: 1 }), v5.publish({ topic: 'bad/1', qos: 1, id: 2 }))
  await ann.expect('puback', { id: 1, code: 0x10 })
  const { properties } = await ann.expect('puback', { id: 2, code: notAuthorized })
  assert.match(properties.reasonString ?? '', /denies it: so it is$/)
  ann.send(v5.subscribe({ filters: ['good/#', 'bad/#', '$share/g/good/+', 'canary/#'] }))
  await ann.expect('suback', { codes: [0, notAuthorized, 0, notAuthorized] })
  ann.send(v5.unsubscribe({ filters: ['$share/g/good/+'] }))
  await ann.expect('unsuback')
  ann.send(v5.publish({ topic: 'good/2', qos: 0 }))
  await ann.expect('publish', { topic: 'good/2' })
  const { code } = await site.knock({ ...called('bob'), will: { topic: 'bad/will' } })
  assert.equal(code, notAuthorized)
  await ann.disconnect()
})

test('deliveries and retained messages through a subscription the service allowed are given to its client', async () => {
  const ann = await site.join(called('ann'))
  ann.send(v5.publish({ topic: 'kept', retain: true, payload: 'x', qos: 1 }))
  await ann.expect('puback')
  await ann.subscribe('kept')
  await ann.expect('publish', { topic: 'kept', retain: true })
  ann.send(v5.publish({ topic: 'kept', retain: true }))
  await ann.expect('publish', { topic: 'kept', payload: '' })
  await ann.disconnect()
})

const failures: Readonly<Record<string, Reply>> = {
  'says no': says('deny'),
  'does not know': says('unknown'),
  'answers with nonsense': (_seen, response) => response.end('yes'),
  'answers with 500': (_seen, response) => response.writeHead(500).end(),
  'breaks off': (_seen, response) => response.destroy(),
  'answers without end': (_seen, response) => {
    const more = setInterval(() => response.write('x'.repeat(10_000)), 5)
    response.on('close', () => clearInterval(more))
  },
  'says nothing': () => {},
}

for (const [what, reply] of Object.entries(failures)) {
  test(`a service that ${what} lets nobody do anything, and keeps nobody else waiting`, async () => {
    const ann = await site.join({ ...called('ann'), clientId: what })
    service.reply = reply
    ann.send(v5.publish({ topic: 'a', qos: 1 }))
    ann.send(v5.subscribe({ filters: ['a', '#'] }))
    const answers = async () => {
      await ann.expect('puback', { code: notAuthorized })
      await ann.expect('suback', { codes: [notAuthorized, notAuthorized] })
    }
    assert.ok((await during(answers())) > 0)
    const { code } = await site.knock({ ...called('bob'), will: { topic: 'a' } })
    assert.equal(code, notAuthorized)
    await ann.disconnect()
  })
}

test('a slow service delays those it decides about, in order, and nobody else', async () => {
  service.reply = (_seen, response) => setTimeout(() => response.end('{"decision":"allow"}'), 100)
  const ann = await site.join(called('ann'))
  for (let id = 1; id <= 8; id++) ann.send(v5.publish({ topic: `slow/${id}`, qos: 1, id }))
  const answers = async () => {
    for (let id = 1; id <= 8; id++) await ann.expect('puback', { id })
  }
  assert.ok((await during(answers())) > 8)
  await ann.disconnect()
})

test('a subscription that is being decided when the rules change is decided by the new ones', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<() => void>()
  service.reply = (_seen, response) => resolve(() => response.end('{"decision":"allow"}'))
  const ann = await site.join({ ...called('ann'), clientId: 'between' })
  ann.send(v5.subscribe({ filters: ['between/#'] }))
  const answer = await asked
  service.reply = says('allow')
  await change(site, native, `${rules}  - {deny: subscribe, topic: between/#}\n`)
  answer()
  await ann.expect('suback', { codes: [notAuthorized] })
  await ann.disconnect()
  await change(site, native, rules)
})

test('a change of other rules leaves many subscriptions the service allowed as they are', async () => {
  service.reply = (_seen, response) => setTimeout(() => response.end('{"decision":"allow"}'), 1)
  const clients: WireClient[] = []
  for (let number = 0; number < 4; number++) {
    const client = await site.join({ ...called('ann'), clientId: `many ${number}` })
    clients.push(client)
    for (let packet = 0; packet < 10; packet++)
      await client.subscribe(...Array.from({ length: 50 }, (_, index) => `many/${number}/${packet}/${index}`))
  }
  await change(site, native, `${native.text([own('canary/#'), own('more/#')])}`)
  await during(sleep(2_000))
  for (const client of clients) await client.expectNoMore()
})

function question(body: string): { action: string; topic: string } {
  const value: unknown = JSON.parse(body)
  const word = (name: string) => {
    const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : ''
    return typeof text === 'string' ? text : ''
  }
  return { action: word('action'), topic: word('topic') }
}
