import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Folder } from '../cli-kit.ts'
import { client, finish, Host, missing } from './kit.ts'

const skip = missing('mosquitto_pub', 'mosquitto_sub')
const versions = ['mqttv31', 'mqttv311', 'mqttv5'] as const
let host: Host
let folder: Folder
let names = 0

before(async () => {
  host = await Host.open()
  folder = await Folder.open()
})

after(async () => {
  await host[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A topic no other test uses. */
const fresh = () => `mosquitto/${++names}`
const sub = (...given: readonly string[]) => client('mosquitto_sub', ['-p', host.port(), '-W', '100', ...given])
const pub = (...given: readonly string[]) => finish(client('mosquitto_pub', ['-p', host.port(), ...given]))

/** What mosquitto_sub prints, which `act` makes it receive. */
async function heard(given: readonly string[], act: () => Promise<unknown>): Promise<string> {
  const subscriber = await host.subscribed(1, () => sub(...given))
  await act()
  const { stdout } = await finish(subscriber)
  return stdout.toString()
}

/** What mosquitto_sub prints of messages that are retained. */
const stored = async (...given: readonly string[]) => (await finish(sub(...given))).stdout

for (const version of versions) {
  for (const qos of ['0', '1', '2']) {
    test(`a message at QoS ${qos} goes from mosquitto_pub to mosquitto_sub in ${version}`, { skip }, async () => {
      const topic = fresh()
      const given = ['-V', version, '-q', qos, '-t', topic]
      const text = await heard([...given, '-C', '1', '-F', '%t %q %r %p'], () => pub(...given, '-m', 'hello world'))
      assert.equal(text, `${topic} ${qos} 0 hello world\n`)
    })
  }

  test(`a thousand lines arrive whole and in order in ${version}`, { skip }, async () => {
    const topic = fresh()
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}\n`).join('')
    const given = ['-V', version, '-q', '2', '-t', topic]
    const text = await heard([...given, '-C', '1000'], () =>
      finish(client('mosquitto_pub', ['-p', host.port(), ...given, '-l'], lines)),
    )
    assert.equal(text, lines)
  })

  test(`a payload of 1 MiB and an empty one arrive as they were sent in ${version}`, { skip }, async () => {
    const topic = fresh()
    const payload = randomBytes(1_048_576)
    const file = await folder.write(`payload-${version}`, payload)
    for (const qos of ['0', '1', '2']) {
      const given = ['-V', version, '-q', qos, '-t', topic]
      const text = await heard([...given, '-C', '2', '-F', '%l %x'], async () => {
        await pub(...given, '-f', file)
        await pub(...given, '-n')
      })
      const [large = '', empty] = text.split('\n')
      assert.equal(digest(Buffer.from(large.replace(/^1048576 /, ''), 'hex')), digest(payload))
      assert.equal(empty, '0 ')
    }
  })

  test(`a retained message is kept, replaced and cleared in ${version}`, { skip }, async () => {
    const [topic, sentinel] = [fresh(), fresh()]
    const publish = (...given: readonly string[]) => pub('-V', version, '-r', '-q', '1', '-t', ...given)
    await publish(topic, '-m', 'first')
    await publish(topic, '-m', 'second')
    await publish(sentinel, '-m', 'sentinel')
    const given = ['-V', version, '-q', '1', '-F', '%t %r %p', '-t', topic, '-t', sentinel]
    const both = await stored(...given, '-C', '2')
    assert.equal(both.toString(), `${topic} 1 second\n${sentinel} 1 sentinel\n`)
    await publish(topic, '-n')
    assert.equal((await stored(...given, '-C', '1')).toString(), `${sentinel} 1 sentinel\n`)
  })

  test(`a retained payload of 1 MiB is kept whole in ${version}`, { skip }, async () => {
    const topic = fresh()
    const payload = randomBytes(1_048_576)
    const file = await folder.write(`retained-${version}`, payload)
    await pub('-V', version, '-r', '-q', '1', '-t', topic, '-f', file)
    assert.equal(digest(await stored('-V', version, '-t', topic, '-C', '1', '-N')), digest(payload))
  })

  test(`the will of a client that dies is published in ${version}`, { skip }, async () => {
    const topic = fresh()
    const text = await heard(['-V', version, '-t', topic, '-q', '1', '-C', '1', '-F', '%q %p'], async () => {
      const will = ['--will-topic', topic, '--will-payload', 'died', '--will-qos', '1']
      await using doomed = await host.subscribed(1, () => sub('-V', version, '-t', fresh(), ...will))
      doomed.signal('SIGKILL')
      await doomed.ended
    })
    assert.equal(text, '1 died\n')
  })

  test(`a session outlives its connection and has what was published meanwhile in ${version}`, { skip }, async () => {
    const topic = fresh()
    const lasting = version === 'mqttv5' ? ['-c', '-x', '60'] : ['-c']
    const given = ['-V', version, '-i', `keeper-${version}`, ...lasting, '-q', '1', '-t', topic]
    await finish(sub(...given, '-E'))
    for (const text of ['one', 'two', 'three']) await pub('-V', version, '-q', '1', '-t', topic, '-m', text)
    assert.equal((await stored(...given, '-C', '3')).toString(), 'one\ntwo\nthree\n')
  })

  test(`a shared subscription gives each of two members half of the messages in ${version}`, { skip }, async () => {
    const topic = fresh()
    const given = ['-V', version, '-q', '1', '-t', `$share/pair/${topic}`, '-C', '10']
    const members = await host.subscribed(2, () => [sub(...given), sub(...given)])
    const lines = Array.from({ length: 20 }, (_, index) => `${index}`)
    await finish(
      client('mosquitto_pub', ['-p', host.port(), '-V', version, '-q', '1', '-t', topic, '-l'], lines.join('\n')),
    )
    const outcomes = await Promise.all(members.map(finish))
    const got = outcomes.flatMap(({ stdout }) => stdout.toString().trim().split('\n'))
    assert.deepEqual(
      got.sort((one, other) => Number(one) - Number(other)),
      lines,
    )
  })
}

test('clients of different versions understand each other', { skip }, async () => {
  for (const from of versions) {
    for (const to of versions) {
      const topic = fresh()
      const text = await heard(['-V', to, '-q', '2', '-t', topic, '-C', '1'], () =>
        pub('-V', from, '-q', '2', '-t', topic, '-m', `${from} to ${to}`),
      )
      assert.equal(text, `${from} to ${to}\n`)
    }
  }
})

test('the properties of a message arrive unaltered and in order', { skip }, async () => {
  const topic = fresh()
  const properties = `-D publish content-type text/plain -D publish response-topic answers -D publish correlation-data c1
    -D publish payload-format-indicator 1 -D publish message-expiry-interval 90 -D publish user-property b 2
    -D publish user-property a 1 -D publish user-property b 2`
  const text = await heard(['-V', '5', '-t', topic, '-C', '1', '-F', '%C|%R|%D|%F|%E|%P'], () =>
    pub('-V', '5', '-t', topic, '-m', 'x', ...properties.split(/\s+/)),
  )
  assert.equal(text, 'text/plain|answers|c1|1|90|b:2 a:1 b:2\n')
})

test('a subscriber that wants retain as published sees the flag of the publisher', { skip }, async () => {
  const flagged = (topic: string, ...given: readonly string[]) =>
    heard(['-V', '5', '-t', topic, '-C', '1', '-F', '%r %p', ...given], () =>
      pub('-V', '5', '-t', topic, '-r', '-m', 'new'),
    )
  assert.equal(await flagged(fresh()), '0 new\n')
  assert.equal(await flagged(fresh(), '--retain-as-published'), '1 new\n')
})

test('mosquitto_rr gets the answer to its request', { skip: missing('mosquitto_rr') }, async () => {
  const { broker } = host
  const stop = broker.subscribe('requests', ({ payload, properties }) => {
    const { responseTopic = 'answers', correlationData } = properties
    broker.publish(responseTopic, `${payload} indeed`, correlationData === undefined ? {} : { correlationData })
  })
  for (const version of ['mqttv311', 'mqttv5']) {
    const given = ['-p', host.port(), '-V', version, '-t', 'requests', '-e', 'answers', '-m', version, '-W', '100']
    const { stdout } = await finish(client('mosquitto_rr', given))
    assert.equal(stdout.toString(), `${version} indeed\n`)
  }
  stop()
})

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
