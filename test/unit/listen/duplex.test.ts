import assert from 'node:assert/strict'
import { Duplex, duplexPair } from 'node:stream'
import { test } from 'node:test'
import { attachDuplex } from '../../../src/listen/duplex-wire.ts'
import { next, Recorder, until } from './kit.ts'

const rules = { name: 'embedded', connectTimeout: 1_000, allowAnonymous: true, durability: 'sync' as const }

test('a duplex stream carries bytes both ways and ends with the client', async () => {
  const [ours, theirs] = duplexPair()
  const recorder = new Recorder()
  attachDuplex(ours, recorder, rules)
  const connection = await recorder.connection()
  assert.deepEqual(connection.wire.peer, { transport: 'memory', address: '', port: 0, loopback: true, tls: null })
  assert.equal(connection.rules, rules)
  theirs.write('ping')
  await until(() => connection.received.length === 4)
  connection.wire.write(Buffer.from('pong'))
  const answer = await next(theirs, 'data')
  assert.equal(String(answer), 'pong')
  theirs.end()
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
})

test('close delivers what was written before', async () => {
  const [ours, theirs] = duplexPair()
  const recorder = new Recorder()
  attachDuplex(ours, recorder, rules)
  const connection = await recorder.connection()
  connection.wire.write(Buffer.from('good'))
  connection.wire.write(Buffer.from('bye'))
  connection.wire.close()
  assert.equal(connection.wire.write(Buffer.from('late')), false)
  const answer = await theirs.toArray()
  assert.equal(Buffer.concat(answer.map((chunk) => Buffer.from(chunk))).toString(), 'goodbye')
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
})

test('a reader that is behind is told of by write, and drained says when it caught up', async () => {
  const [ours, theirs] = duplexPair()
  const recorder = new Recorder()
  attachDuplex(ours, recorder, rules)
  const connection = await recorder.connection()
  let written = 0
  while (connection.wire.write(Buffer.alloc(4_096))) written++
  assert.ok(written < 1_000)
  theirs.resume()
  await until(() => connection.drains === 1)
})

test('pause stops reading until resume', async () => {
  const [ours, theirs] = duplexPair()
  const recorder = new Recorder()
  attachDuplex(ours, recorder, rules)
  const connection = await recorder.connection()
  connection.wire.pause()
  theirs.write('text')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(connection.received.length, 0)
  connection.wire.resume()
  await until(() => connection.received.length === 4)
})

test('an error of the stream is the cause of the end, once', async () => {
  const [ours] = duplexPair()
  const recorder = new Recorder()
  attachDuplex(ours, recorder, rules)
  const connection = await recorder.connection()
  ours.destroy(new Error('lost'))
  await until(() => connection.ends.length > 0)
  assert.deepEqual(
    connection.ends.map((cause) => cause?.message),
    ['lost'],
  )
})

test('a stream that was over before it came ends its wire at once', async () => {
  const [ours] = duplexPair()
  ours.destroy()
  const recorder = new Recorder()
  attachDuplex(ours, recorder, rules)
  const connection = await recorder.connection()
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
})

test('a stream that throws or gives things that are not bytes ends its own wire only', async () => {
  const recorder = new Recorder()
  const throwing = new Duplex({
    read() {},
    write() {
      throw new Error('cannot write')
    },
  })
  attachDuplex(throwing, recorder, rules)
  const first = await recorder.connection(0)
  assert.equal(first.wire.write(Buffer.from('x')), false)
  await until(() => first.ends.length > 0)
  assert.match(String(first.ends[0]), /cannot write/)
  const objects = new Duplex({ objectMode: true, read() {}, write() {} })
  attachDuplex(objects, recorder, rules)
  objects.push({ not: 'bytes' })
  const second = await recorder.connection(1)
  await until(() => second.ends.length > 0)
  assert.match(String(second.ends[0]), /not bytes/)
})
