import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashPassword } from '../../../src/authn/password/hash.ts'
import { openPasswordAuthenticator } from '../../../src/authn/password/password.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { type Authenticator, type Broker, createBroker } from '../../../src/index.ts'
import { Canary } from '../../fuzz/canary.ts'
import { v4 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { UsersFolder } from '../../unit/authn/password-kit.ts'

const many = 1_000
const songs = 300

/** A broker whose clients need a password, but for two that were there before: the canary. */
async function open(folder: UsersFolder): Promise<{ readonly broker: Broker; readonly canary: Canary }> {
  const options = { file: folder.path, cacheEntries: 10_000, cacheTtl: 3_600 }
  const passwords = await openPasswordAuthenticator(options, { ...folder, clock: systemClock() })
  const authenticator: Authenticator = {
    authenticate: (who) => (who.username === null ? { name: 'canary', method: 'canary' } : passwords.authenticate(who)),
    begin: () => null,
    close: async () => passwords.close?.(),
  }
  folder.keep(authenticator)
  const listen = [{ url: 'mqtt://127.0.0.1:0', connectTimeout: 120_000 }]
  const broker = await createBroker({ listen, authenticator })
  return { broker, canary: await Canary.connect(broker, 'canary') }
}

/** Users with names of their own and the same password. */
async function users(): Promise<string> {
  const hash = await hashPassword('argon2id', Buffer.from('secret'))
  return Array.from({ length: many }, (_, index) => `device-${index}:${hash}\n`).join('')
}

async function sockets(broker: Broker, count: number): Promise<Socket[]> {
  const open: Socket[] = []
  while (open.length < count) {
    const socket = connect({ host: '127.0.0.1', port: broker.addresses[0]?.port ?? 0, localAddress: '127.0.0.2' })
    socket.on('error', () => {})
    await once(socket, 'connect')
    open.push(socket)
  }
  return open
}

function login(index: number): Buffer {
  return v4.connect({ clientId: `device-${index}`, username: `device-${index}`, password: 'secret' })
}

/** Milliseconds that 99 of 100 songs take at the most. */
async function p99(canary: Canary): Promise<number> {
  const times: number[] = []
  for (let song = 0; song < songs; song++) {
    const start = performance.now()
    await canary.sing(1)
    times.push(performance.now() - start)
    await sleep(2)
  }
  times.sort((one, other) => one - other)
  return times[Math.floor(songs * 0.99)] ?? 0
}

test('1,000 clients that all log in with a password at once are not noticed by others', async () => {
  await using folder = new UsersFolder('users', await users())
  const { broker, canary } = await open(folder)
  await using _ = broker
  await canary.sing(100)
  const quiet = await p99(canary)
  const storm = await sockets(broker, many)
  let answered = 0
  for (const [index, socket] of storm.entries()) {
    socket.on('data', () => answered++)
    socket.write(login(index))
  }
  const busy = await p99(canary)
  assert.ok(answered > 0 && answered < many, `${answered} answered: the storm is over, or has not begun`)
  // On a machine that is busy with something else, too, the canary is slow in any weather.
  assert.ok(busy < Math.max(50, quiet * 5), `${busy} ms in the storm, ${quiet} ms before`)
  for (const socket of storm) socket.destroy()
  canary.destroy()
})

test('clients that come back with what was right before cost next to nothing', async () => {
  await using folder = new UsersFolder('users', await users())
  const { broker, canary } = await open(folder)
  await using _ = broker
  const count = 30
  const arrive = async () => {
    const open = await sockets(broker, count)
    const start = performance.now()
    const clients = open.map((socket) => new WireClient(socket, v4))
    for (const [index, client] of clients.entries()) client.send(login(index))
    for (const client of clients) await client.expect('connack', { code: 0 })
    const time = performance.now() - start
    for (const client of clients) client.destroy()
    return time
  }
  const first = await arrive()
  const again = await arrive()
  assert.ok(again * 3 < first, `${first} ms at first, ${again} ms again`)
  await canary.sing(10)
  canary.destroy()
})
