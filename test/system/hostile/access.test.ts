import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { v5 } from '../../kit/packets.ts'
import type { WireClient } from '../../kit/wire-client.ts'
import { called, type Dialect, dialects, openSite } from '../access-kit.ts'
import { notAuthorized, type Site } from '../identity-kit.ts'

// Clients that try to make the rules expensive for everybody. The canary must not notice.
const [mosquitto, ordered, native] = dialects
const own = { user: 'canary', access: 'readwrite', filter: 'canary/#' } as const

class Singer {
  readonly #wire: WireClient

  constructor(wire: WireClient) {
    this.#wire = wire
  }

  static async open(site: Site): Promise<Singer> {
    const wire = await site.join(called('canary'))
    await wire.subscribe('canary/#')
    return new Singer(wire)
  }

  /** One message to itself; what is left to count when the attack is over says how often it was served meanwhile. */
  async sing(): Promise<void> {
    this.#wire.send(v5.publish({ topic: 'canary/song', qos: 1 }))
    await this.#wire.expect('publish', { topic: 'canary/song' })
    await this.#wire.expect('puback', { code: 0 })
  }

  async during(attack: Promise<unknown>): Promise<number> {
    let over = false
    const ended = attack.finally(() => (over = true))
    let songs = 0
    for (; !over; songs++) await this.sing()
    await ended
    return songs
  }
}

function of(dialect: Dialect | undefined): Dialect {
  return dialect ?? assert.fail()
}

const many = 10_000
const rules: Readonly<Record<string, readonly [Dialect, string]>> = {
  'Mosquitto ACL': [
    of(mosquitto),
    `user ann\n${Array.from({ length: many }, (_, index) => `topic ${index % 3 === 0 ? 'deny' : 'read'} site/${index}/+/x\n`).join('')}`,
  ],
  rules: [
    of(native),
    of(native).text(
      Array.from({ length: many }, (_, index) => ({
        user: 'ann',
        access: 'read',
        filter: `+/${index}/+/${index % 7}/#`,
      })),
    ),
  ],
}

for (const [name, [dialect, text]] of Object.entries(rules)) {
  for (const subscriptions of ['contained', 'overlapping', 'any']) {
    test(`others are served while 1,000 filters are held against ${many} rules: ${name}, ${subscriptions}`, async () => {
      const start = dialect.text([own])
      const more = dialect === native ? text.replace('rules:\n', '') : text
      await using site = await openSite(dialect, start + more, {}, { subscriptions })
      const canary = await Singer.open(site)
      const ann = await site.join(called('ann'))
      const filters = Array.from(
        { length: 1_000 },
        (_, index) =>
          `${Array(1 + (index % 16))
            .fill('+')
            .join('/')}/#`,
      )
      // Every packet is one turn at least, in which the canary may sing.
      const packets = 10
      ann.send(...Array.from({ length: packets }, () => v5.subscribe({ filters })))
      const answers = async () => {
        for (let count = 0; count < packets; count++) await ann.expect('suback')
      }
      const songs = await canary.during(answers())
      assert.ok(songs > packets / 2, `${songs} songs`)
    })
  }
}

test('filters and topics of 10,000 levels are refused, and rules about very many are no trouble', async () => {
  const dialect = of(native)
  const deep = Array(10_000).fill('a').join('/')
  const grants = [own, { user: 'ann', access: 'readwrite', filter: Array(1_000).fill('a').join('/') }] as const
  await using site = await openSite(dialect, dialect.text(grants))
  const canary = await Singer.open(site)
  const ann = await site.join(called('ann'))
  const filters = [deep, deep.replaceAll('a', '+'), `${deep}/#`, deep.replaceAll('a', '')]
  ann.send(v5.subscribe({ filters }))
  const { codes } = await ann.expect('suback')
  assert.ok(
    codes.every((code) => code === 0 || code === 0x8f || code === notAuthorized),
    String(codes),
  )
  await canary.sing()
  ann.send(v5.publish({ topic: `${deep}/a`, qos: 1 }))
  const answer = await ann.next()
  assert.ok(answer !== null && 'code' in answer && (answer.code === 0x90 || answer.code === notAuthorized))
  await canary.sing()
})

test('expressions made to take for ever, and names made for them, hold nobody up', async () => {
  const expressions = ['(a+)+$', '(a|aa)+b', '(.*a){30}', '([a-zA-Z]+)*c', '(a?){30}a{30}']
  const names = ['a'.repeat(250), `${'a'.repeat(240)}!`, `${'ab'.repeat(120)}c`]
  const bad: readonly (readonly [Dialect, string])[] = [
    [
      of(ordered),
      `${of(ordered).text([own])}${expressions.map((text) => ` - {access: Deny, client: {pattern: '${text}'}, topic: All}\n`).join('')}`,
    ],
    [
      of(native),
      `${of(native).text([own])}${expressions.map((text) => `  - {deny: [publish], matches: {user: '${text}'}, topic: '#'}\n`).join('')}`,
    ],
  ]
  for (const [dialect, text] of bad) {
    await using site = await openSite(dialect, text)
    const canary = await Singer.open(site)
    for (const name of names) {
      const client = await site.join({ ...called(name), clientId: 'long' })
      const answers = async () => {
        for (let count = 0; count < 20; count++) {
          client.send(v5.publish({ topic: `t/${count}`, qos: 1 }))
          await client.expect('puback', { code: notAuthorized })
        }
      }
      await canary.during(answers())
      await client.disconnect()
    }
  }
})

for (const dialect of [of(mosquitto), of(native)]) {
  test(`a flood of messages that may not be, each to another topic, fills neither log, journal nor memory: ${dialect.name}`, async () => {
    const more = { store: { kind: 'disk', path: 'store' }, journal: { maximum_bytes: 1_048_576 } }
    await using site = await openSite(dialect, dialect.text([own]), more)
    const canary = await Singer.open(site)
    const flood = async (from: number, clientId: string) => {
      const client = await site.join({ ...called('eve'), clientId })
      for (let batch = 0; batch < 60; batch++) {
        const messages = Array.from({ length: 500 }, (_, index) =>
          v5.publish({ topic: `${'x'.repeat(200)}/${from}/${batch}/${index}`, payload: 'x'.repeat(100) }),
        )
        client.send(...messages, v5.publish({ topic: `last/${from}/${batch}`, qos: 1 }))
        await client.expect('puback', { code: notAuthorized })
      }
      await client.disconnect()
    }
    await flood(0, 'eve 0')
    const before = { log: site.log.length, memory: residentBytes(site.pid) }
    const songs = await canary.during(Promise.all([1, 2, 3, 4].map((from) => flood(from, `eve ${from}`))))
    assert.ok(songs > 10, `${songs} songs`)
    const after = { log: site.log.length, memory: residentBytes(site.pid) }
    const size = folderBytes(site.at('store'), /journal/)
    assert.ok(after.log - before.log < 1_000_000, `${after.log - before.log} characters of log for 120,000 denials`)
    assert.ok(size < 4 * 1_048_576, `${size} bytes of journal`)
    assert.ok(after.memory - before.memory < 150 * 1_048_576, `${after.memory - before.memory} bytes more in memory`)
  })
}

/** Of a process of this machine; 0 where the system does not say. */
function residentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0
  return 1_024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

function folderBytes(folder: string, wanted: RegExp): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => wanted.test(name))
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, each) => sum + (each.isFile() ? each.size : 0), 0)
}
