import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { Answers } from '../../../../src/authz/http/answers.ts'
import type { Request } from '../../../../src/authz/policy/rule.ts'
import { Subject } from '../../../../src/authz/policy/subject.ts'
import { FakeClock } from '../../../kit/fake-clock.ts'
import { json, WebServer } from '../../../kit/web-server.ts'
import { clientOf } from '../kit.ts'
import { alice, Bench, publish } from './kit.ts'

const allow = json({ decision: 'allow' })
const answer = { decision: 'allow', why: 'x' } as const

test('an answer is used again at once, until its time is over', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url(), cache: { allowed: 60, denied: 10 } })
  const first = await bench.ask()
  bench.clock.advance(59_000)
  deepEqual(bench.ask(), first)
  bench.clock.advance(1_000)
  server.reply = json({ decision: 'deny' })
  equal((await bench.ask()).decision, 'deny')
  bench.clock.advance(9_999)
  ok(!(bench.ask() instanceof Promise))
  bench.clock.advance(1)
  ok(bench.ask() instanceof Promise)
})

test('the service says how long its answer holds, which may be not at all', async () => {
  await using server = new WebServer(json({ decision: 'allow', ttl: 1.5 }))
  await using bench = new Bench({ url: await server.url() })
  await bench.ask()
  bench.clock.advance(1_400)
  ok(!(bench.ask() instanceof Promise))
  bench.clock.advance(100)
  server.reply = json({ decision: 'unknown', ttl: 0 })
  equal((await bench.ask()).decision, 'unknown')
  equal((await bench.ask()).decision, 'unknown')
  equal(server.seen.length, 3)
  server.reply = json({ decision: 'allow', ttl: 1e300 })
  await bench.ask()
  bench.clock.advance(86_400_000)
  ok(bench.ask() instanceof Promise, 'a day at most')
})

test('an answer is for the same client, action, topic, QoS and RETAIN only', async () => {
  await using server = new WebServer(allow)
  await using bench = new Bench({ url: await server.url() })
  const long = 'x'.repeat(300)
  const requests: Request[] = [
    publish,
    { ...publish, action: 'will' },
    { ...publish, action: 'subscribe' },
    { ...publish, topic: 'a' },
    { ...publish, topic: `${long}1` },
    { ...publish, topic: `${long}2` },
    { ...publish, qos: 0 },
    { ...publish, retain: true },
  ]
  const subjects = [
    alice,
    new Subject(clientOf('c2', { name: 'alice' })),
    new Subject(clientOf('c1', { name: 'alice2' })),
    new Subject(clientOf('c1', { name: 'alice', method: 'anonymous' })),
    new Subject(clientOf('c1', { name: 'alice', roles: ['x'] })),
  ]
  for (const subject of subjects) for (const request of requests) await bench.ask(request, subject)
  equal(server.seen.length, requests.length * subjects.length)
  const again = new Subject(clientOf('c1', { name: 'alice' }))
  for (const request of requests) ok(!(bench.ask(request, again) instanceof Promise), 'the same client once more')
})

test('who asks what is asked already waits for the same answer', async () => {
  const held = Promise.withResolvers<void>()
  await using server = new WebServer((seen, response) => void held.promise.then(() => allow(seen, response)))
  await using bench = new Bench({ url: await server.url(), cache: { allowed: 0 } })
  const answers = Array.from({ length: 50 }, () => Promise.resolve(bench.ask()))
  const other = bench.ask({ topic: 'other' })
  await server.asked(2)
  held.resolve()
  for (const each of await Promise.all(answers)) equal(each.decision, 'allow')
  await other
  equal(server.seen.length, 2)
  await bench.ask()
  equal(server.seen.length, 3)
})

test('so many answers are kept, and the oldest go first', () => {
  const answers = new Answers(3, new FakeClock())
  for (const question of ['a', 'b', 'c', 'a', 'd']) answers.keep(question, answer, 60)
  equal(answers.size, 3)
  deepEqual(
    ['a', 'b', 'c', 'd'].map((question) => answers.find(question) !== null),
    [true, false, true, true],
  )
})

test('an answer whose time is over is forgotten, and one for no time not kept', () => {
  const clock = new FakeClock()
  const answers = new Answers(3, clock)
  answers.keep('a', answer, 1)
  answers.keep('b', answer, 0)
  equal(answers.size, 1)
  clock.advance(1_000)
  equal(answers.find('a'), null)
  equal(answers.size, 0)
})
