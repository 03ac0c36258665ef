import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { silentLog } from '../../../src/base/log.ts'
import { openListener } from '../../../src/listen/listener.ts'
import { defaultListener, type ListenerOptions } from '../../../src/listen/options.ts'
import { listening, portOf, Recorder, until } from './kit.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'listen-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const opening = (options: Partial<ListenerOptions>) =>
  openListener({ ...defaultListener, port: 0, ...options }, new Recorder(), silentLog)

test('a port in use is reported with its URL', async (t) => {
  const listener = await listening(t, new Recorder())
  await assert.rejects(opening({ port: portOf(listener) }), {
    code: 'LISTEN_ADDRESS_IN_USE',
    message: `${listener.url} is in use by another program`,
  })
})

test('an address of another machine is reported as unavailable', async () => {
  await assert.rejects(opening({ host: '192.0.2.1' }), {
    code: 'LISTEN_ADDRESS_UNAVAILABLE',
    message: 'mqtt://192.0.2.1:0 is not an address of this machine',
  })
})

test('a host name that does not resolve is reported as unavailable', async () => {
  await assert.rejects(opening({ host: 'no-such-host.invalid' }), { code: 'LISTEN_ADDRESS_UNAVAILABLE' })
})

test('a listener on the IPv6 loopback address has brackets in its URL', async (t) => {
  const listener = await listening(t, new Recorder(), { host: '::1' }).catch(() => null)
  if (listener === null) {
    t.skip('this machine has no IPv6')
    return
  }
  assert.match(listener.url, /^mqtt:\/\/\[::1\]:[1-9][0-9]*$/)
})

test('a listener on :: takes IPv4 and IPv6, and shows IPv4 addresses as such', async (t) => {
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { host: '::' }).catch(() => null)
  if (listener === null) {
    t.skip('this machine has no IPv6')
    return
  }
  for (const host of ['127.0.0.1', '::1']) {
    const socket = connect(portOf(listener), host)
    t.after(() => socket.destroy())
    await once(socket, 'connect')
  }
  await recorder.connection(1)
  const peers = recorder.connections.map((connection) => connection.wire.peer)
  assert.deepEqual(peers.map((peer) => peer.address).sort(), ['127.0.0.1', '::1'])
  assert.ok(peers.every((peer) => peer.loopback))
})

test('a unix socket has its mode, carries bytes, and its file goes with the listener', async (t) => {
  const path = join(folder(t), 'broker.sock')
  const recorder = new Recorder()
  const listener = await listening(t, recorder, { transport: 'unix', path, mode: 0o600 })
  assert.equal(listener.url, `unix:${path}`)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const socket = connect(path)
  t.after(() => socket.destroy())
  socket.write('hello')
  const connection = await recorder.connection()
  await until(() => connection.received.length === 5)
  assert.deepEqual(connection.wire.peer, { transport: 'unix', address: '', port: 0, loopback: true, tls: null })
  assert.equal(connection.chunks[0]?.length, 65_536)
  await listener.close()
  assert.equal(existsSync(path), false)
})

test('the socket file of a process that is gone is replaced', async (t) => {
  const path = join(folder(t), 'broker.sock')
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', script]), 'exit')
  assert.ok(existsSync(path))
  const listener = await listening(t, new Recorder(), { transport: 'unix', path })
  assert.equal(listener.url, `unix:${path}`)
})

test('the socket file of a living process stays', async (t) => {
  const path = join(folder(t), 'broker.sock')
  const recorder = new Recorder()
  await listening(t, recorder, { transport: 'unix', path })
  await assert.rejects(opening({ transport: 'unix', path }), {
    code: 'LISTEN_ADDRESS_IN_USE',
    message: `unix:${path} is in use by another program`,
  })
  const socket = connect(path)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
})

test('an ordinary file where the socket should be is left alone', async (t) => {
  const path = join(folder(t), 'precious')
  writeFileSync(path, 'data')
  await assert.rejects(opening({ transport: 'unix', path }), {
    code: 'LISTEN_ADDRESS_UNAVAILABLE',
    message: `${path} exists and is not a socket`,
  })
  assert.ok(existsSync(path))
})

test('a unix socket in a folder that does not exist is reported', async () => {
  await assert.rejects(opening({ transport: 'unix', path: '/no/such/folder/broker.sock' }), /LISTEN_|folder/)
})
