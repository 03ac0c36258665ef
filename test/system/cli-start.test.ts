import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { Folder, freePort, petaltail, type RunOptions, run } from './cli-kit.ts'

const local = 'mqtt://127.0.0.1:0'

function start(given: readonly string[], options: RunOptions = {}) {
  return petaltail(['start', '--store', 'memory', ...given], { timeout: 240_000, ...options })
}

/** The port in the line that says where the broker listens. */
async function portOf(broker: ReturnType<typeof petaltail>): Promise<string> {
  const [, port = ''] = await broker.prints(/^ {2}mqtt:\/\/127\.0\.0\.1:(\d+)$/m)
  await broker.prints(/Stop with Ctrl-C/)
  return port
}

test('start says what listens, with the real port, what is safe, and what to try', async () => {
  await using broker = start(['--listen', local, '--listen', 'ws://127.0.0.1:0/chat'])
  const port = await portOf(broker)
  assert.notEqual(port, '0')
  await broker.prints(/^ {2}ws:\/\/127\.0\.0\.1:\d+\/chat$/m)
  await broker.prints(/Safe: only programs on this machine/)
  await broker.prints(new RegExp(`petaltail sub -p ${port} `))
})

test('what pub publishes, sub prints, in every version', async () => {
  await using broker = start(['--listen', local])
  const port = await portOf(broker)
  for (const version of ['31', '311', '5']) {
    const sent = await run(['pub', '-p', port, '-V', version, '-t', 'a/b', '-m', `from ${version}`, '-q', '1', '-r'])
    assert.equal(sent.code, 0, sent.stderr)
    assert.equal(
      (await run(['sub', '-p', port, '-V', version, '-t', 'a/#', '-q', '2', '-C', '1'])).text,
      `from ${version}\n`,
    )
  }
})

test('SIGTERM and SIGINT end the broker in order, with exit code 0 and DISCONNECT to its clients', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    await using broker = start(['--listen', local])
    await using client = petaltail(['sub', '-p', await portOf(broker), '-t', 'a', '-d'])
    await client.prints(/received SUBACK/)
    broker.signal(signal)
    const { code, stderr } = await broker.ended
    assert.equal(code, 0, stderr)
    await client.prints(/received DISCONNECT/)
  }
})

test('a client that does not read does not keep the broker from ending', async () => {
  await using broker = start(['--listen', local], { environment: { PETALTAIL_SHUTDOWN_TIMEOUT: '1' } })
  const port = await portOf(broker)
  await using client = petaltail(['sub', '-p', port, '-t', 'a', '-d'])
  await client.prints(/received SUBACK/)
  client.signal('SIGSTOP')
  broker.signal('SIGTERM')
  assert.equal((await broker.ended).code, 0)
  client.signal('SIGCONT')
})

test('sub waits for a broker that is started again, and subscribes again', async () => {
  const url = `mqtt://127.0.0.1:${await freePort()}`
  await using first = start(['--listen', url])
  const port = await portOf(first)
  await using client = petaltail(['sub', '-p', port, '-t', 'a', '-C', '1', '-d'])
  await client.prints(/received SUBACK/)
  first.signal('SIGTERM')
  await first.ended
  await using second = start(['--listen', url])
  await portOf(second)
  await client.prints(/trying again[\s\S]*received SUBACK/)
  await run(['pub', '-p', port, '-t', 'a', '-m', 'back', '-q', '1'])
  const { code, stdout } = await client.ended
  assert.equal(code, 0)
  assert.equal(stdout.toString(), 'back\n')
})

test('a port in use is one line and exit code 1', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  assert.ok(typeof address === 'object' && address !== null)
  const url = `mqtt://127.0.0.1:${address.port}`
  const { code, stderr } = await run(['start', '--store', 'memory', '--listen', url])
  other.close()
  assert.equal(code, 1)
  assert.equal(stderr, `petaltail: ${url} is in use by another program\n`)
})

test('a certificate that is not there is one line and exit code 1', async () => {
  await using folder = await Folder.open()
  const file = await folder.write(
    'broker.yaml',
    'listeners: [{ url: "mqtts://127.0.0.1:0", tls: { certificate: /no/a, key: /no/b } }]\n',
  )
  const { code, stderr } = await run(['start', '--store', 'memory', '--config', file])
  assert.equal(code, 1)
  assert.match(stderr, /^petaltail: .*\/no\/a.*\n$/)
})

test('a listener for everybody is opened when that is said, and called unsafe', async () => {
  await using broker = start(['--listen', 'mqtt://0.0.0.0:0', '--allow-anonymous'])
  await broker.prints(/NOT SAFE: other machines can connect/)
  await broker.prints(/NOT SAFE: what they send can be read/)
})

test('the configuration file and the environment decide what the broker offers', async () => {
  await using folder = await Folder.open()
  const file = await folder.write('broker.yaml', `listeners: [${local}]\nfeatures: { maximum_qos: 1 }\n`)
  await using broker = start(['--config', file], { environment: { PETALTAIL_LIMITS_MAXIMUM_TOPIC_BYTES: '200' } })
  const port = await portOf(broker)
  const long = await run(['pub', '-p', port, '-t', 't'.repeat(201), '-m', 'x', '-q', '1'])
  assert.equal(long.code, 1)
  assert.match(long.stderr, /^petaltail: the broker [^\n]+\n$/)
  assert.equal((await run(['pub', '-p', port, '-t', 'short', '-m', 'x', '-q', '1'])).code, 0)
})

test('the log is lines for people, or JSON', async () => {
  await using text = start(['--listen', local, '--log-level', 'silent'])
  await portOf(text)
  text.signal('SIGTERM')
  assert.equal((await text.ended).stderr, '')
  await using json = start(['--listen', local, '--log-level', 'debug'], {
    environment: { PETALTAIL_LOG_FORMAT: 'json' },
  })
  await run(['pub', '-p', await portOf(json), '-t', 'a', '-m', 'b'])
  json.signal('SIGTERM')
  const lines = (await json.ended).stderr.trimEnd().split('\n').filter(Boolean)
  for (const line of lines) assert.equal(typeof JSON.parse(line), 'object')
})
