import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectFields, type Packets, v4, v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import { Server } from './kit.ts'
import { SmallDisk } from './small-disk.ts'

const quota = 0x97
const window = 20
const keeper: ConnectFields = { clientId: 'keeper', clean: false }

async function connect(server: Server, packets: Packets, fields: ConnectFields = {}): Promise<WireClient> {
  const client = await WireClient.open({ host: '127.0.0.1', port: server.port }, packets)
  client.send(packets.connect(fields))
  await client.expect('connack', { code: 0 })
  return client
}

/** A session that is away and subscribed to everything under `a`. */
async function subscribeKeeper(server: Server): Promise<void> {
  const client = await connect(server, v4, keeper)
  await client.subscribe({ filter: 'a/#', qos: 1 })
  await client.disconnect()
}

/** What ledgers were told of the messages they sent, by number. */
class Ledger {
  readonly accepted: number[] = []
  readonly refused: number[] = []
  readonly #server: Server
  #sent = 0

  constructor(server: Server) {
    this.#server = server
  }

  /** Publishes until the disk takes no more. Resolves with the answers that are still to come. */
  async fill(): Promise<{ readonly answered: Promise<unknown> }> {
    const client = await connect(this.#server, v5)
    for (;;) {
      const answered = this.#window(client)
      await Promise.race([answered, this.#says(/ENOSPC/)])
      if (/ENOSPC/.test(this.#server.log)) return { answered }
    }
  }

  /** Publishes now and then until that is taken again. */
  async resume(): Promise<void> {
    const client = await connect(this.#server, v5)
    for (let tries = 0; !(await this.#window(client)); tries++) {
      assert.ok(tries < 50, 'the service did not return')
      await sleep(100)
    }
  }

  /** One message of a client of its own is refused. */
  async refuse(): Promise<void> {
    const client = await connect(this.#server, v5)
    client.send(this.#message(1))
    await this.#answer(client, this.#sent - 2)
    assert.equal(this.refused.at(-1), this.#sent - 1)
  }

  /** Publishes some messages and waits for the answers. True when all of them were accepted. */
  async #window(client: WireClient): Promise<boolean> {
    const first = this.#sent
    const before = this.refused.length
    for (let each = 0; each < window; each++) client.send(this.#message(each + 1))
    for (let each = 0; each < window; each++) await this.#answer(client, first - 1)
    return this.refused.length === before
  }

  #message(id: number): Buffer {
    return v5.publish({ topic: 'a/b', qos: 1, id, payload: `${this.#sent++} `.padEnd(1_000, '.') })
  }

  async #answer(client: WireClient, base: number): Promise<void> {
    const { id, code } = await client.expect('puback')
    const list = code === 0 ? this.accepted : this.refused
    assert.ok(code === 0 || code === quota, `PUBACK with code ${code}`)
    list.push(base + id)
  }

  async #says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#server.log)) await sleep(20)
  }
}

/** The numbers of the messages that wait for the keeper; it acknowledges each. */
async function drain(server: Server, count: number): Promise<{ numbers: number[]; client: WireClient }> {
  const client = await connect(server, v4, keeper)
  const numbers: number[] = []
  while (numbers.length < count) {
    const { id, payload, dup } = await client.expect('publish')
    const number = Number.parseInt(payload.toString(), 10)
    if (!dup || !numbers.includes(number)) numbers.push(number)
    client.send(v4.puback(id))
  }
  return { numbers, client }
}

function mount(t: TestContext, megabytes: number): SmallDisk | null {
  const disk = SmallDisk.mount(megabytes)
  if (disk === null) t.skip('mounting is not possible here')
  return disk
}

test('on a full disk nothing more is acknowledged, live messages go on, and all that was acknowledged is there', async (t) => {
  using disk = mount(t, 4)
  if (disk === null) return
  const store = join(disk.path, 'store')
  let accepted: readonly number[] = []
  let refused: readonly number[] = []
  {
    await using server = await Server.start(store)
    await subscribeKeeper(server)
    const ledger = new Ledger(server)
    const { answered } = await ledger.fill()
    assert.ok(ledger.accepted.length > 100)
    await ledger.refuse()
    t.diagnostic(`${ledger.accepted.length} messages of 1,000 bytes in 4 MiB, ${disk.free} bytes left`)

    const waiting = await connect(server, v4)
    waiting.send(v4.publish({ topic: 'a/waits', qos: 1, id: 9, payload: '-1' }))
    const [reader, writer] = [await connect(server, v5), await connect(server, v4)]
    await reader.subscribe({ filter: 'live/#', qos: 1 })
    writer.send(v4.publish({ topic: 'live/0', payload: 'x' }), v4.publish({ topic: 'live/1', qos: 1, id: 1 }))
    await writer.expect('puback', { id: 1 })
    await reader.expect('publish', { topic: 'live/0' })
    await reader.expect('publish', { topic: 'live/1' })
    assert.match(server.log, /ENOSPC/)

    disk.remount('size=16m')
    await ledger.resume()
    await answered
    assert.equal((await waiting.expect('puback')).id, 9)
    assert.match(server.log, /fails/)
    accepted = ledger.accepted
    refused = ledger.refused
    await server.end('SIGKILL')
  }
  await using server = await Server.start(store)
  const { numbers } = await drain(server, accepted.length + 1)
  const arrived = new Set(numbers)
  assert.ok(arrived.has(-1))
  assert.deepEqual(
    accepted.filter((number) => !arrived.has(number)),
    [],
  )
  assert.deepEqual(
    refused.filter((number) => arrived.has(number)),
    [],
  )
  assert.equal(arrived.size, numbers.length)
})

test('a broker killed on a full disk starts on it, gives out what is kept, and serves again when there is space', async (t) => {
  using disk = mount(t, 4)
  if (disk === null) return
  const store = join(disk.path, 'store')
  let accepted: readonly number[] = []
  {
    await using server = await Server.start(store)
    await subscribeKeeper(server)
    const ledger = new Ledger(server)
    const { answered } = await ledger.fill()
    answered.catch(() => {})
    accepted = ledger.accepted
    await server.end('SIGKILL')
  }
  await using server = await Server.start(store)
  const { numbers } = await drain(server, accepted.length)
  assert.deepEqual(
    accepted.filter((number) => !numbers.includes(number)),
    [],
  )
  disk.remount('size=16m')
  await new Ledger(server).resume()
})

test('a queue can be drained on a full disk, and what was acknowledged then is not sent again', async (t) => {
  using disk = mount(t, 4)
  if (disk === null) return
  await using server = await Server.start(join(disk.path, 'store'))
  await subscribeKeeper(server)
  const ledger = new Ledger(server)
  const { answered } = await ledger.fill()
  const accepted = [...ledger.accepted]
  const { numbers, client } = await drain(server, accepted.length)
  assert.deepEqual(
    accepted.filter((number) => !numbers.includes(number)),
    [],
  )
  await client.disconnect()
  disk.remount('size=16m')
  await ledger.resume()
  await answered
  const rest = ledger.accepted.filter((number) => !numbers.includes(number))
  const again = await drain(server, rest.length)
  assert.deepEqual(again.numbers, rest)
  again.client.destroy()
})

test('a store that may only be read does not let the broker start, which says why', async (t) => {
  using disk = mount(t, 4)
  if (disk === null) return
  const store = join(disk.path, 'store')
  {
    await using server = await Server.start(store)
    await subscribeKeeper(server)
    await server.end('SIGTERM')
  }
  disk.remount('ro')
  await assert.rejects(Server.start(store), /read-only|EROFS|EACCES|permission/i)
  disk.remount('rw')
  await using server = await Server.start(store)
  const client = await WireClient.open({ host: '127.0.0.1', port: server.port }, v4)
  client.send(v4.connect(keeper))
  await client.expect('connack', { sessionPresent: true })
  client.destroy()
})
