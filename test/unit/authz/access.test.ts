import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { openAccess, readAccess } from '../../../src/access.ts'
import { Subject } from '../../../src/authz/policy/subject.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import type { AccessConfig } from '../../../src/config/schema.ts'
import type { Action, Authorizer, Client, Verdict } from '../../../src/engine/ports.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { json, WebServer } from '../../kit/web-server.ts'
import { load } from '../config/kit.ts'
import { clientOf, NotedLog } from './kit.ts'

const alice = clientOf('c1', { name: 'alice' })

/** Files of rules, and an authorizer that decides by them. */
class Place {
  readonly files = new WatchedFiles()
  readonly log = new NotedLog()
  readonly #directory: string
  #authorizer: Authorizer | null = null
  changes = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  static async make(t: TestContext): Promise<Place> {
    const place = new Place(await mkdtemp(join(tmpdir(), 'petaltail-access-')))
    t.after(() => place.#end())
    return place
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.#directory, name), text)
  }

  remove(name: string): Promise<void> {
    return rm(join(this.#directory, name))
  }

  /** A configuration with `DIR` for the folder. */
  config(text: string): AccessConfig {
    const { access } = load(`access: ${text.replaceAll('DIR', this.#directory)}`)
    if (access === undefined) throw new Error('no section')
    return access
  }

  async open(text: string): Promise<Authorizer> {
    const { files, log } = this
    const authorizer = await openAccess(this.config(text), { files, log, clock: new FakeClock() })
    authorizer.watch?.(() => this.changes++)
    this.#authorizer = authorizer
    return authorizer
  }

  /** What a text says without the name of the folder. */
  plain(text: string): string {
    return text.replaceAll(`${this.#directory}/`, '')
  }

  /** Has the files read again, as if they had changed together, until so many lines more are in the log. */
  async reload(lines = 1): Promise<void> {
    const logged = this.log.until(this.log.lines.length + lines)
    this.files.reload()
    await logged
  }

  /** As `reload`, where nothing is to come of it. */
  async reloadInVain(): Promise<void> {
    this.files.reload()
    for (let turn = 0; turn < 100; turn++) await setImmediate()
  }

  async #end(): Promise<void> {
    await this.#authorizer?.close?.()
    this.files.close()
    await rm(this.#directory, { recursive: true })
  }
}

function decided(authorizer: Authorizer, action: Action, topic: string, client: Client = alice): Verdict {
  const verdict = authorizer.decide(client, action, topic, 0, false)
  ok(!(verdict instanceof Promise))
  return verdict
}

const acl = '{ subscriptions: contained, sources: [{ mosquitto_acl: DIR/acl.txt }] }'

test('a verdict says what decided and where that is written', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic deny a/secret\ntopic readwrite a/#\n')
  const authorizer = await place.open(acl)
  const yes = decided(authorizer, 'publish', 'a/b')
  deepEqual([yes.allowed, place.plain(yes.rule ?? ''), yes.passing], [true, 'acl.txt:3', undefined])
  match(yes.why, /^allowed by .*acl\.txt:3: topic readwrite a\/#$/)
  const no = decided(authorizer, 'publish', 'a/secret')
  deepEqual([no.allowed, place.plain(no.rule ?? '')], [false, 'acl.txt:2'])
  const none = decided(authorizer, 'publish', 'b')
  deepEqual([none.allowed, none.rule], [false, undefined])
  equal(decided(authorizer, 'subscribe', 'a/b').whole, true)
  equal(decided(authorizer, 'subscribe', 'a/#').allowed, false)
  const explanation = await authorizer.explain?.(alice, 'publish', 'a/b', 0, false)
  equal(explanation?.allowed, true)
  equal(explanation?.why, yes.why)
})

test('a decision that was made before is the same object, and no text is made again', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'topic read a/#\npattern readwrite own/%c\n')
  const authorizer = await place.open(acl)
  const first = decided(authorizer, 'publish', 'own/c1')
  equal(decided(authorizer, 'publish', 'own/c2', clientOf('c2', { name: 'bob' })), first)
  notSame(decided(authorizer, 'will', 'own/c1'), decided(authorizer, 'subscribe', 'own/c1'))
})

function notSame(one: Verdict, other: Verdict): void {
  ok(one !== other)
}

test('the first rule that matches decides, in the order of the sources, and else what is said for the rest', async (t) => {
  const place = await Place.make(t)
  await place.write('one.txt', 'user alice\ntopic deny a\n')
  await place.write('two.txt', 'user alice\ntopic write a\ntopic write b\ntopic deny c\n')
  const sources = (...names: string[]) =>
    `sources: [${names.map((name) => `{ mosquitto_acl: DIR/${name}.txt }`).join(', ')}]`
  const authorizer = await place.open(`{ ${sources('one', 'two')} }`)
  deepEqual(
    ['a', 'b', 'c', 'd'].map((topic) => decided(authorizer, 'publish', topic).allowed),
    [false, true, false, false],
  )
  await authorizer.close?.()
  const turned = await place.open(`{ otherwise: allow, ${sources('two', 'one')} }`)
  deepEqual(
    ['a', 'b', 'c', 'd'].map((topic) => decided(turned, 'publish', topic).allowed),
    [true, true, false, true],
  )
})

test('a client that becomes somebody else is judged as that', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic write a\nuser bob\ntopic write b\n')
  const authorizer = await place.open(acl)
  const client = { ...alice, identity: { name: 'alice', method: 'password' } }
  equal(decided(authorizer, 'publish', 'a', client).allowed, true)
  client.identity = { name: 'bob', method: 'password' }
  equal(decided(authorizer, 'publish', 'a', client).allowed, false)
  equal(decided(authorizer, 'publish', 'b', client).allowed, true)
})

test('subscriptions are taken as Mosquitto takes them where all rules are of Mosquitto', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic read a\n')
  const authorizer = await place.open('{ sources: [{ mosquitto_acl: DIR/acl.txt }] }')
  const verdict = decided(authorizer, 'subscribe', '#')
  deepEqual([verdict.allowed, verdict.whole], [true, false])
  equal(decided(authorizer, 'receive', 'a').allowed, true)
  equal(decided(authorizer, 'receive', 'b').allowed, false)
})

test('changed files apply together, once, and are told of', async (t) => {
  const place = await Place.make(t)
  await place.write('one.txt', 'user alice\ntopic write a\n')
  await place.write('two.txt', 'user alice\ntopic write b\n')
  const authorizer = await place.open('{ sources: [{ mosquitto_acl: DIR/one.txt }, { mosquitto_acl: DIR/two.txt }] }')
  equal(decided(authorizer, 'publish', 'a').allowed, true)
  await place.write('one.txt', 'user alice\ntopic write b\n')
  await place.write('two.txt', 'user alice\ntopic write c\ntopic write d\n')
  await place.reload()
  deepEqual(
    ['a', 'b', 'c'].map((topic) => decided(authorizer, 'publish', topic).allowed),
    [false, true, true],
  )
  equal(place.changes, 1)
  deepEqual(
    place.log.lines.map(({ level, message, fields }) => [level, message, fields.rules]),
    [['info', 'access rules reloaded', 3]],
  )
})

test('a file that was written again without a change changes nothing', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic write a\n')
  const authorizer = await place.open(acl)
  await place.write('acl.txt', 'user alice\ntopic write a\n')
  await place.reloadInVain()
  await place.write('acl.txt', 'user alice\ntopic write b\n')
  await place.reload()
  equal(decided(authorizer, 'publish', 'b').allowed, true)
  equal(place.changes, 1)
})

test('a file with a mistake changes nothing, and one line says where it is', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic write a\n')
  const authorizer = await place.open(acl)
  await place.write('acl.txt', 'user alice\ntopic write b\ntopic wirte c\n')
  await place.reload()
  equal(decided(authorizer, 'publish', 'a').allowed, true)
  equal(decided(authorizer, 'publish', 'b').allowed, false)
  equal(place.changes, 0)
  equal(place.log.lines.length, 1)
  equal(place.log.lines[0]?.level, 'error')
  match(place.plain(String(place.log.lines[0]?.fields.problem)), /^acl\.txt:3:\d+: /)
  await place.write('acl.txt', 'user alice\ntopic write b\n')
  await place.reload()
  equal(decided(authorizer, 'publish', 'b').allowed, true)
})

test('a file that goes leaves its rules in force', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic write a\n')
  const authorizer = await place.open(acl)
  await place.remove('acl.txt')
  await place.reload()
  equal(decided(authorizer, 'publish', 'a').allowed, true)
  equal(place.changes, 0)
  equal(place.plain(String(place.log.lines[0]?.fields.problem)), 'acl.txt: there is no such file')
})

test('a source with a mistake does not hold up another', async (t) => {
  const place = await Place.make(t)
  await place.write('one.txt', 'user alice\ntopic write a\n')
  await place.write('two.txt', 'user alice\ntopic write b\n')
  const authorizer = await place.open('{ sources: [{ mosquitto_acl: DIR/one.txt }, { mosquitto_acl: DIR/two.txt }] }')
  await place.write('one.txt', 'nonsense\n')
  await place.write('two.txt', 'user alice\ntopic write c\n')
  await place.reload(2)
  deepEqual(
    ['a', 'b', 'c'].map((topic) => decided(authorizer, 'publish', topic).allowed),
    [true, false, true],
  )
  equal(place.changes, 1)
})

test('at the start the mistakes of all sources are told, and nothing is left open', async (t) => {
  const place = await Place.make(t)
  await place.write('one.txt', 'topic wirte a\n')
  await place.write('two.txt', 'user alice\nnonsense\n')
  const sources = ['one', 'two', 'three'].map((name) => `{ mosquitto_acl: DIR/${name}.txt }`).join(', ')
  const opening = place.open(`{ sources: [${sources}] }`)
  await rejects(opening, (error: Error) => {
    const lines = place.plain(error.message).split('\n')
    match(lines[0] ?? '', /^one\.txt:1:\d+: /)
    match(lines[1] ?? '', /^two\.txt:2:\d+: /)
    equal(lines[2], 'three.txt: there is no such file')
    return true
  })
  await place.write('three.txt', '')
  await place.reloadInVain()
  deepEqual(place.log.lines, [])
})

test('what is wrong with good rules is said at the start', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'pattern read a/b\n')
  await place.open(acl)
  deepEqual(
    place.log.lines.map(({ level, message, fields }) => [level, message, place.plain(String(fields.place))]),
    [['warn', 'access rules have a flaw', 'acl.txt:1']],
  )
})

test('after the end files are not looked at', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic write a\n')
  const authorizer = await place.open(acl)
  await authorizer.close?.()
  await place.write('acl.txt', 'nonsense\n')
  await place.reloadInVain()
  deepEqual([place.changes, place.log.lines], [0, []])
})

test('what a service said holds for a while, what rules before it say until they change', async (t) => {
  const place = await Place.make(t)
  await using server = new WebServer(json({ decision: 'allow', reason: 'owner' }))
  await place.write('first.txt', 'user alice\ntopic readwrite a\n')
  await place.write('last.txt', 'user alice\ntopic readwrite z\n')
  const http = `{ name: service, http: { url: '${await server.url()}', actions: [publish, subscribe] } }`
  const authorizer = await place.open(
    `{ sources: [{ mosquitto_acl: DIR/first.txt }, ${http}, { mosquitto_acl: DIR/last.txt }] }`,
  )
  deepEqual(
    [decided(authorizer, 'publish', 'a').allowed, decided(authorizer, 'publish', 'a').passing],
    [true, undefined],
  )
  const asked = await authorizer.decide(alice, 'publish', 'b', 0, false)
  deepEqual([asked.allowed, asked.passing, asked.rule], [true, true, 'service'])
  match(asked.why, /service allows it: owner$/)
  equal(decided(authorizer, 'publish', 'b').passing, true)
  const subscription = await authorizer.decide(alice, 'subscribe', 'b/#', 0, false)
  deepEqual([subscription.allowed, subscription.whole], [true, true])
  server.reply = json({ decision: 'unknown' })
  const passed = await authorizer.decide(alice, 'publish', 'z', 0, false)
  deepEqual([passed.allowed, passed.passing, place.plain(passed.rule ?? '')], [true, true, 'last.txt:2'])
  equal(decided(authorizer, 'publish', 'z').passing, true)
  deepEqual([(await authorizer.decide(alice, 'publish', 'y', 0, false)).passing], [true])
  deepEqual(
    [decided(authorizer, 'receive', 'z').allowed, decided(authorizer, 'receive', 'z').passing],
    [true, undefined],
  )
  equal(decided(authorizer, 'will', 'y').passing, undefined)
})

test('what was asked before the rules changed is decided by the new ones', async (t) => {
  const place = await Place.make(t)
  const held = Promise.withResolvers<void>()
  const allow = json({ decision: 'allow' })
  await using server = new WebServer((seen, response) => void held.promise.then(() => allow(seen, response)))
  await place.write('acl.txt', '')
  const authorizer = await place.open(
    `{ sources: [{ mosquitto_acl: DIR/acl.txt }, { http: '${await server.url()}' }] }`,
  )
  const verdict = authorizer.decide(alice, 'publish', 'a', 0, false)
  await server.asked(1)
  await place.write('acl.txt', 'user alice\ntopic deny a\n')
  await place.reload()
  held.resolve()
  const { allowed, rule } = await verdict
  deepEqual([allowed, place.plain(rule ?? '')], [false, 'acl.txt:2'])
})

test('rules are read once for those who only want to look at them', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic write a\npattern read a/b\n')
  const access = await readAccess(place.config('{ sources: [{ mosquitto_acl: DIR/acl.txt }, permissions: ] }'))
  const decision = access.policy.decide(new Subject(alice), { action: 'publish', topic: 'a', qos: 0, retain: false })
  ok(!(decision instanceof Promise) && decision.allowed)
  equal(access.policy.options.subscriptions, 'contained')
  equal(access.remarks.length, 1)
  access.close()
  await place.write('acl.txt', 'nonsense\n')
  await rejects(readAccess(place.config(acl)), { code: 'ACCESS_INVALID' })
})

test('a file that is emptied before it is written again takes effect when it is written', async (t) => {
  const place = await Place.make(t)
  await place.write('acl.txt', 'user alice\ntopic write a\n')
  const authorizer = await place.open(acl)
  await place.write('acl.txt', '')
  const reloaded = place.reload()
  await place.write('acl.txt', 'user alice\ntopic write a\ntopic write b\n')
  await reloaded
  equal(decided(authorizer, 'publish', 'a').allowed, true)
  equal(decided(authorizer, 'publish', 'b').allowed, true)
  equal(place.changes, 1)
})
