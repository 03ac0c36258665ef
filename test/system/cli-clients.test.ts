import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Folder, freePort, installed, type Outcome, Program, petaltail, run } from './cli-kit.ts'

// The commands pub and sub against a broker that is not ours, and beside the clients that came with it.
const server = installed('mosquitto')
const skip = server === null && 'mosquitto is not installed'

let folder: Folder
let broker: Program
let port = ''

before(async () => {
  if (server === null) return
  folder = await Folder.open()
  port = String(await freePort())
  const file = await folder.write('mosquitto.conf', `listener ${port} 127.0.0.1\nallow_anonymous true\nlog_type all\n`)
  broker = new Program(server, ['-c', file], { timeout: 0 })
  await broker.prints(/running/)
})

after(async () => {
  if (server === null) return
  await broker[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** What `petaltail sub` prints, once it is subscribed and `publish` has run. */
async function received(given: readonly string[], publish: () => Promise<unknown>): Promise<Outcome> {
  await using subscriber = petaltail(['sub', '-p', port, '-d', ...given])
  await subscriber.prints(/received SUBACK/)
  await publish()
  return await subscriber.ended
}

const publish = (...given: string[]) => run(['pub', '-p', port, ...given])

test('a message goes from pub to sub at every QoS and in every version', { skip }, async () => {
  for (const version of ['31', 'mqttv311', '5']) {
    for (const qos of ['0', '1', '2']) {
      const topic = `all/${version}/${qos}`
      const { stdout, code } = await received(['-t', topic, '-q', qos, '-V', version, '-C', '1', '-v'], () =>
        publish('-t', topic, '-m', 'hello world', '-q', qos, '-V', version),
      )
      assert.equal(stdout.toString(), `${topic} hello world\n`)
      assert.equal(code, 0)
    }
  }
})

test('a message goes to mosquitto_sub and comes from mosquitto_pub', { skip }, async () => {
  const theirs = installed('mosquitto_sub')
  const ours = installed('mosquitto_pub')
  if (theirs === null || ours === null) return
  await using subscriber = new Program(theirs, [
    '-p',
    port,
    '-V',
    '5',
    '-t',
    'their/#',
    '-C',
    '1',
    '-F',
    '%t %p %P %C %E',
  ])
  await broker.prints(/their\/# \(QoS/)
  const properties = ['-D', 'publish', 'user-property', 'unit', '-5 C', '-D', 'publish', 'content-type', 'text/plain']
  await publish('-t', 'their/topic', '-m', 'x', ...properties, '-D', 'publish', 'message-expiry-interval', '90')
  assert.match((await subscriber.ended).stdout.toString(), /^their\/topic x unit:-5 C text\/plain 90$/m)
  const { stdout } = await received(['-t', 'our/#', '-C', '1', '-F', '%t|%p|%P|%R|%D|%F|%q'], async () => {
    const given =
      '-t our/topic -q 1 -V 5 -D publish user-property a b -D publish response-topic r -D publish correlation-data c -D publish payload-format-indicator 1'
    await using publisher = new Program(ours, ['-p', port, '-m', 'y', ...given.split(' ')])
    await publisher.ended
  })
  assert.equal(stdout.toString(), 'our/topic|y|a:b|r|c|1|0\n')
})

test('payloads of any bytes and sizes arrive as they were sent', { skip }, async () => {
  const payload = randomBytes(1_048_576)
  const file = await folder.write('payload', payload)
  const { stdout } = await received(['-t', 'bytes', '-N', '-C', '3', '-q', '1'], async () => {
    await publish('-t', 'bytes', '-f', file, '-q', '1')
    await publish('-t', 'bytes', '-n')
    await run(['pub', '-p', port, '-t', 'bytes', '-s'], { input: payload })
  })
  assert.ok(stdout.equals(Buffer.concat([payload, payload])))
})

test('-l publishes each line, in order, and the last one without an end too', { skip }, async () => {
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`)
  const { stdout } = await received(['-t', 'lines', '-C', '500', '-q', '1'], () =>
    run(['pub', '-p', port, '-t', 'lines', '-l', '-q', '1'], { input: lines.join('\n') }),
  )
  assert.deepEqual(stdout.toString().trimEnd().split('\n'), lines)
})

test('retained messages are printed, left out, waited for and cleared as asked', { skip }, async () => {
  for (const name of ['a', 'b']) await publish('-t', `kept/${name}`, '-m', name, '-r')
  const sub = (...given: string[]) => run(['sub', '-p', port, '-t', 'kept/#', ...given])
  assert.equal((await sub('-C', '2', '-F', '%p%r')).text, 'a1\nb1\n')
  assert.equal((await sub('-R', '-W', '0.3')).text, '')
  assert.equal((await sub('-T', 'kept/a', '-C', '1')).text, 'b\n')
  const { stdout } = await received(['-t', 'kept/#', '--retained-only', '--remove-retained'], () =>
    publish('-t', 'kept/c', '-m', 'new'),
  )
  assert.equal(stdout.toString(), 'a\nb\n')
  assert.equal((await sub('-W', '0.3')).text, '')
})

test('when its time is over sub ends with exit code 27, as mosquitto_sub does', { skip }, async () => {
  const { code, stderr } = await run(['sub', '-p', port, '-t', 'silence', '-W', '0.2'])
  assert.equal(code, 27)
  assert.equal(stderr, 'petaltail: timed out\n')
})

test('sub ends in order at SIGINT', { skip }, async () => {
  await using subscriber = petaltail(['sub', '-p', port, '-t', 'silence', '-d'])
  await subscriber.prints(/received SUBACK/)
  subscriber.signal('SIGINT')
  const { code, stderr } = await subscriber.ended
  assert.equal(code, 0)
  assert.match(stderr, /sent DISCONNECT/)
})

test('sub ends without a word when nobody reads its output any more', { skip }, async () => {
  await using subscriber = petaltail(['sub', '-p', port, '-t', 'pipe', '-d'])
  await subscriber.prints(/received SUBACK/)
  subscriber.closeStdout()
  await publish('-t', 'pipe', '-m', 'x'.repeat(100_000))
  await publish('-t', 'pipe', '-m', 'x'.repeat(100_000))
  const { code, stderr } = await subscriber.ended
  assert.equal(code, 0)
  assert.doesNotMatch(stderr, /EPIPE|Error/)
})

test('-c continues a session, and queued messages are printed', { skip }, async () => {
  const sub = ['sub', '-p', port, '-i', 'keeper', '-c', '-q', '1', '-t', 'queued']
  assert.equal((await run([...sub, '-E'])).code, 0)
  await publish('-t', 'queued', '-m', 'waited', '-q', '1')
  assert.equal((await run([...sub, '-C', '1'])).text, 'waited\n')
  assert.equal((await run(['sub', '-p', port, '-i', 'keeper', '-x', '0', '-U', 'queued', '-E'])).code, 0)
})

test('a will is published when the client dies', { skip }, async () => {
  const { stdout } = await received(['-t', 'will', '-C', '1', '-F', '%p %P'], async () => {
    const will = ['--will-topic', 'will', '--will-payload', 'died', '-D', 'will', 'user-property', 'a', 'b']
    await using doomed = petaltail(['sub', '-p', port, '-t', 'x', '-d', ...will])
    await doomed.prints(/received SUBACK/)
    doomed.signal('SIGKILL')
    await doomed.ended
  })
  assert.equal(stdout.toString(), 'died a:b\n')
})

test('options are read from a file and from the environment', { skip }, async () => {
  const file = await folder.write('options', `# a comment\n-t from/file\n-D publish user-property a two words\n`)
  const environment = { MQTT_HOST_NAME: '127.0.0.1', MQTT_TCP_PORT: port, MQTT_CLIENT_ID: 'named-by-environment' }
  const { stdout } = await received(['-t', 'from/file', '-C', '1', '-F', '%p %P'], () =>
    run(['pub', '-o', file, '-m', 'x'], { environment }),
  )
  assert.equal(stdout.toString(), 'x a:two words\n')
})

test('-L has host, port and topic in one', { skip }, async () => {
  const { stdout } = await received(['-t', 'url/topic', '-C', '1'], () =>
    run(['pub', '-L', `mqtt://127.0.0.1:${port}/url/topic`, '-m', 'x']),
  )
  assert.equal(stdout.toString(), 'x\n')
})

test('%j prints a message as JSON', { skip }, async () => {
  const { stdout } = await received(['-t', 'json', '-C', '1', '-F', '%J'], () =>
    publish('-t', 'json', '-m', '{"a":[1.0]}', '-D', 'publish', 'content-type', 'c'),
  )
  const message: unknown = JSON.parse(stdout.toString())
  assert.ok(
    typeof message === 'object' &&
      message !== null &&
      'payload' in message &&
      'topic' in message &&
      'properties' in message,
  )
  assert.deepEqual(message.payload, { a: [1] })
  assert.equal(message.topic, 'json')
  assert.deepEqual(message.properties, { 'content-type': 'c' })
})
