import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, Server } from 'node:net'
import { test } from 'node:test'
import { acceptHandles } from '../../../src/listen/accepted-socket.ts'
import { freePort } from '../../system/cli-kit.ts'
import { client, everything, listening, next, portOf, Recorder, roundTrips, until } from './kit.ts'

test('a connection carries bytes both ways and ends orderly when the client leaves', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder)
  const socket = await client(t, listener)
  const connection = await recorder.connection()
  socket.write('ping')
  await until(() => connection.received.length === 4)
  assert.equal(connection.received.toString(), 'ping')
  assert.equal(connection.wire.write(Buffer.from('pong')), true)
  assert.equal(String(await next(socket, 'data')), 'pong')
  assert.equal(listener.connections, 1)
  socket.end()
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
  assert.equal(listener.connections, 0)
})

test('the peer says where the client is', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder))
  const { wire } = await recorder.connection()
  assert.deepEqual(wire.peer, {
    transport: 'tcp',
    address: '127.0.0.1',
    port: socket.localPort,
    loopback: true,
    tls: null,
  })
})

test('a listener without a name is known by its URL, with the port the system chose', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder)
  assert.match(listener.url, /^mqtt:\/\/127\.0\.0\.1:[1-9][0-9]*$/)
  await client(t, listener)
  assert.equal((await recorder.connection()).rules.name, listener.url)
})

test('all connections read into one buffer', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder)
  for (const text of ['one', 'two']) (await client(t, listener)).write(text)
  await until(() => recorder.connections.filter((c) => c.received.length === 3).length === 2)
  const buffers = recorder.connections.flatMap((connection) => connection.chunks)
  assert.ok(buffers.length >= 2)
  assert.equal(new Set(buffers).size, 1)
  assert.equal(buffers[0]?.length, 65_536)
})

test('a server that has no handle to take connections from is left as it was', () => {
  const server = new Server()
  assert.equal(
    acceptHandles(
      server,
      () => {},
      () => {},
    ),
    false,
  )
})

test('more bytes than the shared buffer holds arrive whole and in order', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder))
  const sent = Buffer.from(Uint32Array.from({ length: 250_000 }, (_, i) => i).buffer)
  socket.write(sent)
  const connection = await recorder.connection()
  await until(() => connection.received.length >= sent.length)
  assert.ok(sent.equals(connection.received))
})

test('a paused wire reads nothing until it is resumed, also when it pauses during a read', async (t) => {
  const recorder = new Recorder()
  recorder.onAccept = (connection) => {
    connection.onData = () => connection.wire.pause()
  }
  const socket = await client(t, await listening(t, recorder))
  socket.write('first')
  const connection = await recorder.connection()
  await until(() => connection.received.length === 5)
  socket.write('second')
  await roundTrips(t)
  assert.equal(connection.received.toString(), 'first')
  connection.wire.resume()
  await until(() => connection.received.length > 5)
  assert.equal(connection.received.toString(), 'firstsecond')
})

test('the end of a client that left while its wire was paused is noticed after resume', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder))
  const connection = await recorder.connection()
  connection.wire.pause()
  socket.end('last words')
  await roundTrips(t)
  assert.deepEqual(connection.ends, [])
  connection.wire.resume()
  await until(() => connection.ends.length > 0)
  assert.equal(connection.received.toString(), 'last words')
  assert.deepEqual(connection.ends, [null])
})

test('write answers false when the receiver is behind, and drained says when it caught up', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder))
  const connection = await recorder.connection()
  const chunk = Buffer.alloc(262_144)
  let written = 0
  let accepted = true
  while (accepted && written < 64 * chunk.length) {
    accepted = connection.wire.write(chunk)
    written += chunk.length
  }
  assert.equal(accepted, false)
  assert.equal(connection.drains, 0)
  let read = 0
  socket.on('data', (bytes: Buffer) => {
    read += bytes.length
  })
  await until(() => connection.drains > 0 && read === written)
  assert.equal(connection.drains, 1)
})

test('close sends what was written, then ends the connection, and ignores later writes', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder))
  const connection = await recorder.connection()
  socket.write('unread')
  connection.wire.write(Buffer.from('good'))
  connection.wire.write(Buffer.from('bye'))
  connection.wire.close()
  connection.wire.close()
  assert.equal(connection.wire.write(Buffer.from('too late')), false)
  assert.equal((await everything(socket)).toString(), 'goodbye')
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
})

test('after close nothing is read any more', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder), true)
  const connection = await recorder.connection()
  connection.wire.close()
  socket.resume()
  await once(socket, 'end')
  socket.end('anything')
  await until(() => connection.ends.length > 0)
  assert.equal(connection.received.length, 0)
})

test('a client that does not take the end of its connection is cut off', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder)
  const socket = await client(t, listener, true)
  const connection = await recorder.connection()
  socket.pause()
  while (connection.wire.write(Buffer.alloc(1_048_576)));
  connection.wire.close()
  await until(() => connection.ends.length > 0)
  assert.equal(connection.ends.length, 1)
  assert.equal(listener.connections, 0)
})

test('a half-closed client still gets what was written for it', async (t) => {
  const recorder = new Recorder()
  recorder.onAccept = (connection) => {
    connection.onData = () => {
      while (connection.wire.write(Buffer.alloc(1_048_576, 1)));
    }
  }
  const socket = await client(t, await listening(t, recorder), true)
  socket.end('all I have to say')
  const answer = await everything(socket)
  assert.ok(answer.length >= 1_048_576)
  assert.equal(answer.length % 1_048_576, 0)
})

test('destroy ends the connection at once and may be repeated', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder))
  const connection = await recorder.connection()
  connection.wire.destroy()
  connection.wire.destroy()
  connection.wire.close()
  connection.wire.pause()
  connection.wire.resume()
  assert.equal(connection.wire.write(Buffer.from('x')), false)
  await everything(socket)
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
})

test('a wire destroyed while it is being accepted tells its end', async (t) => {
  const recorder = new Recorder()
  recorder.onAccept = (connection) => connection.wire.destroy()
  const listener = await listening(t, recorder)
  await everything(await client(t, listener))
  const connection = await recorder.connection()
  await until(() => connection.ends.length > 0)
  assert.deepEqual(connection.ends, [null])
  assert.equal(listener.connections, 0)
})

test('a wire closed during a read gives nothing more of that client', async (t) => {
  const recorder = new Recorder()
  recorder.onAccept = (connection) => {
    connection.onData = () => connection.wire.close()
  }
  const socket = await client(t, await listening(t, recorder))
  socket.write(Buffer.alloc(1_000_000))
  const connection = await recorder.connection()
  await until(() => connection.ends.length > 0)
  assert.equal(connection.chunks.length, 1)
})

test('a reset by the client is the cause of the end', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder))
  const connection = await recorder.connection()
  socket.resetAndDestroy()
  await until(() => connection.ends.length > 0)
  assert.equal(connection.ends.length, 1)
  assert.match(String(connection.ends[0]), /ECONNRESET/)
})

test('writing to a client that is gone ends the wire once and throws nothing', async (t) => {
  const recorder = new Recorder()
  const socket = await client(t, await listening(t, recorder))
  const connection = await recorder.connection()
  connection.wire.pause()
  socket.resetAndDestroy()
  await until(() => {
    connection.wire.write(Buffer.from('anybody?'))
    return connection.ends.length > 0
  })
  await roundTrips(t)
  assert.equal(connection.ends.length, 1)
  assert.ok(connection.ends[0] instanceof Error)
})

test('a closed listener accepts no more and leaves its connections to the engine', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { port: await freePort() })
  const socket = await client(t, listener)
  const connection = await recorder.connection()
  await listener.close()
  await listener.close()
  const late = connect(portOf(listener), '127.0.0.1')
  assert.match(String(await next(late, 'error')), /ECONNREFUSED/)
  socket.write('still here')
  await until(() => connection.received.length > 0)
})

test('one hundred clients that come and go leave nothing behind', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { maxConnectionsPerAddress: 200 })
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const socket = await client(t, listener)
      if (i % 3 === 0) socket.destroy()
      else if (i % 3 === 1) socket.end('bye')
      else socket.resetAndDestroy()
    }),
  )
  await until(() => recorder.connections.length === 100 && recorder.connections.every((c) => c.ends.length === 1))
  assert.equal(listener.connections, 0)
})
