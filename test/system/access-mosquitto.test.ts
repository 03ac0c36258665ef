// The same access control files, read by Mosquitto 2.0 and by us: what each client may do is tried at a real broker, and
// must be what our rules say. Left out is where we differ on purpose: names with `/` or a `$` in front, which may widen a
// pattern there, and variables that are part of a level, which Mosquitto 2.0 fills in and 2.1 does not.

import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { test } from 'node:test'
import { readMosquittoAcl } from '../../src/authz/mosquitto-acl/mosquitto-acl.ts'
import { fc } from '../kit/fast-check.ts'
import { v5 } from '../kit/packets.ts'
import { WireClient } from '../kit/wire-client.ts'
import { Rules, subjectOf } from '../unit/authz/mosquitto-acl/kit.ts'
import { Folder, freePort, installed, Program } from './cli-kit.ts'

const mosquitto = installed('mosquitto')
const skip = mosquitto === null && 'mosquitto is not installed'

const askers: readonly (readonly [user: string | null, id: string])[] = [
  [null, 'a'],
  ['a', 'b'],
  ['b', 'c'],
  ['c', 'a+'],
  ['a+', 'd'],
  ['#', 'e'],
  [null, '#'],
  ['a b', 'a b'],
  ['%c', '%u'],
  ['é', 'é'],
]
const levels = ['a', 'b', 'c', '', '$x', '%u', 'é', 'a b']
const topics = levels.flatMap((first) => [first, `${first}/a`, `${first}/b/`, `${first}/a b/é`, `${first}/$x/c`])
const publishable = topics.filter((topic) => topic !== '')

const filterLevel = fc.oneof(fc.constantFrom(...levels), fc.constantFrom('+', '%u', '%c'))
const filter = fc
  .tuple(fc.array(filterLevel, { maxLength: 3 }), fc.boolean())
  .map(([parts, open]) => (open || parts.length === 0 ? [...parts, '#'] : parts).join('/') || '/')
const rule = fc
  .tuple(fc.constantFrom('topic', 'topic', 'pattern'), fc.constantFrom('read', 'write', 'readwrite', 'deny'), filter)
  .map((words) => words.join(' '))
const user = fc.constantFrom('a', 'b', 'c', 'a+', '#', 'a b', '%c', 'é').map((name) => `user ${name}`)
const line = fc.oneof({ weight: 1, arbitrary: user }, { weight: 5, arbitrary: rule })
const file = fc.array(line, { minLength: 1, maxLength: 14 }).map((lines) => `${lines.join('\n')}\n`)

/** Somebody who may do everything, whatever else the file says. */
const everything = '\nuser observer\ntopic readwrite #\ntopic readwrite $x/#\n'

class Mosquitto implements AsyncDisposable {
  readonly program: Program
  readonly port: number

  private constructor(program: Program, port: number) {
    this.program = program
    this.port = port
  }

  static async start(folder: Folder, acl: string): Promise<Mosquitto> {
    const port = await freePort()
    const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', `acl_file ${await folder.write('acl', acl)}`]
    const configuration = await folder.write('mosquitto.conf', lines.join('\n'))
    // It gives up the rights of its user.
    await chmod(folder.path, 0o755)
    return new Mosquitto(new Program(mosquitto ?? '', ['-c', configuration]), port)
  }

  /** False when it ended at once. */
  async runs(): Promise<boolean> {
    const running = this.program.prints(/ running/).then(() => true)
    return await Promise.race([running, this.program.ended.then(() => false)]).catch(() => false)
  }

  async connect(user: string | null, id: string): Promise<WireClient> {
    const client = await WireClient.open({ host: '127.0.0.1', port: this.port }, v5)
    client.send(v5.connect({ clientId: id, ...(user === null ? {} : { username: user }) }))
    await client.expect('connack', { code: 0 })
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]()
  }
}

/** True when the message was taken. */
async function publishes(client: WireClient, topic: string): Promise<boolean> {
  client.send(v5.publish({ topic, qos: 1, id: 1 }))
  const { code } = await client.expect('puback')
  return code !== 0x87
}

/** The topics of all messages that were sent to the client by now. */
async function received(client: WireClient): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  client.send(v5.pingreq())
  for (;;) {
    const packet = await client.next()
    if (packet?.type !== 'publish') return found
    found.add(packet.topic)
  }
}

for (const [index, text] of fc.sample(file, 12).entries()) {
  test(`file ${index + 1} means to Mosquitto what it means to us`, { skip }, async () => {
    await using folder = await Folder.open()
    await using broker = await Mosquitto.start(folder, text + everything)
    assert.ok(await broker.runs())
    const rules = new Rules(readMosquittoAcl, text + everything, 'any')
    const clients: WireClient[] = []
    for (const [user, id] of askers) {
      const client = await broker.connect(user, id)
      clients.push(client)
      for (const topic of publishable) {
        const expected = rules.allows(subjectOf(user, id), 'publish', topic)
        assert.equal(await publishes(client, topic), expected, `${user} (${id}) publishes ${topic} by\n${text}`)
      }
    }
    for (const client of clients) {
      client.send(v5.subscribe({ filters: ['#', '$x/#'] }))
      await client.expect('suback', { codes: [0, 0] })
    }
    const observer = await broker.connect('observer', 'observer')
    for (const topic of publishable) assert.ok(await publishes(observer, topic))
    for (const [index, client] of clients.entries()) {
      const [user, id] = askers[index] ?? [null, '']
      const got = await received(client)
      for (const topic of publishable) {
        const expected = rules.allows(subjectOf(user, id), 'receive', topic)
        assert.equal(got.has(topic), expected, `${user} (${id}) receives ${topic} by\n${text}`)
      }
      client.destroy()
    }
    observer.destroy()
  })
}

const lines = [
  '',
  '# comment',
  '  # comment',
  'topic read',
  'topic',
  'topic ',
  'user',
  'user  ',
  'user a b',
  'topic read a b',
  'topic a b',
  'topic   write   a b  ',
  '   topic a',
  'topic\tread a',
  'topic read\ta',
  'TOPIC a',
  'topic Read a',
  'topics a',
  'topic a#',
  'topic a/#/b',
  'topic a+/b',
  'topic +/+/#',
  'pattern %u',
  'pattern deny %u+',
  'pattern read a',
  'topic read a\r',
  'pattern read #',
]

test('what is a mistake to Mosquitto is one to us, and nothing else', { skip }, async () => {
  await using folder = await Folder.open()
  for (const line of lines) {
    await using broker = await Mosquitto.start(folder, `${line}\n`)
    const accepted = await broker.runs()
    const read = () => readMosquittoAcl(new Map([['acl', `${line}\n`]]))
    if (accepted) assert.doesNotThrow(read, JSON.stringify(line))
    else assert.throws(read, JSON.stringify(line))
  }
})
