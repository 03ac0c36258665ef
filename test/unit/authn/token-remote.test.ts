import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RemoteKeys } from '../../../src/authn/token/jwks-remote.ts'
import type { FetchedDocument } from '../../../src/authn/token/keys-fetch.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { keySet, Lines, Signer } from './token-kit.ts'

const first = new Signer('ES256', 'k1')
const second = new Signer('ES256', 'k2')
const ages = { minimumAge: 60, maximumAge: 600, cooldown: 10, staleFor: 3_600 }

/** A server that answers as it is told, and counts. */
class Server {
  text = keySet(first)
  maximumAge: number | null = null
  down = ''
  asked = 0
  readonly clock = new FakeClock()
  readonly log = new Lines()
  readonly keys = new RemoteKeys(
    () => this.#answer(),
    () => {},
    ages,
    { log: this.log, clock: this.clock },
  )

  get ids(): readonly (string | null)[] | null {
    return this.keys.keys?.map(({ id }) => id) ?? null
  }

  /** Lets time pass second by second, with what that brings about. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1_000)
      await new Promise(setImmediate)
    }
  }

  async #answer(): Promise<FetchedDocument> {
    this.asked++
    if (this.down !== '') throw new Error(this.down)
    return { text: this.text, maximumAge: this.maximumAge }
  }
}

test('keys are fetched again when they are as old as they may be', async () => {
  const server = new Server()
  await server.keys.refresh()
  await server.pass(599)
  assert.equal(server.asked, 1)
  server.text = keySet(first, second)
  await server.pass(1)
  assert.equal(server.asked, 2)
  assert.deepEqual(server.ids, ['k1', 'k2'])
})

test('the server says how old keys may be, within bounds', async () => {
  const server = new Server()
  server.maximumAge = 300
  await server.keys.refresh()
  await server.pass(299)
  assert.equal(server.asked, 1)
  server.maximumAge = 0
  await server.pass(1)
  await server.pass(59)
  assert.equal(server.asked, 2)
  server.maximumAge = 1_000_000
  await server.pass(1)
  await server.pass(599)
  assert.equal(server.asked, 3)
  await server.pass(1)
  assert.equal(server.asked, 4)
})

test('whoever asks for newer keys gets them, but not more often than the cooldown allows', async () => {
  const server = new Server()
  await server.keys.refresh()
  for (let attempt = 0; attempt < 100; attempt++) await server.keys.refresh()
  assert.equal(server.asked, 1)
  await server.pass(10)
  await Promise.all(Array.from({ length: 100 }, () => server.keys.refresh()))
  assert.equal(server.asked, 2)
})

test('keys are used while the server is down, until they are too old, and fetched when it is back', async () => {
  const server = new Server()
  await server.keys.refresh()
  server.down = 'nobody answers'
  await server.pass(600)
  assert.deepEqual(server.ids, ['k1'])
  assert.equal(server.keys.trouble, 'nobody answers')
  await server.pass(3_599)
  assert.deepEqual(server.ids, ['k1'])
  await server.pass(1)
  assert.equal(server.ids, null)
  server.down = ''
  await server.pass(60)
  assert.deepEqual(server.ids, ['k1'])
  assert.equal(server.keys.trouble, null)
  assert.match(
    server.log.lines.join('\n'),
    /^info token keys were fetched .*\nwarn token keys cannot be fetched.*nobody answers.*\nerror token keys are too old.*\ninfo token keys can be fetched again.*/,
  )
})

test('a server that is down is asked less and less often, at most every minute in the end', async () => {
  const server = new Server()
  server.down = 'nobody answers'
  await server.pass(3_600)
  assert.ok(server.asked > 60 && server.asked < 70, String(server.asked))
  assert.equal(server.log.lines.length, 1)
})

test('an answer without a usable key leaves the keys as they were', async () => {
  const server = new Server()
  await server.keys.refresh()
  for (const text of ['{"keys":[]}', '<html>', '{"keys":[{"kty":"oct","k":"AAAA"}]}']) {
    server.text = text
    await server.pass(601)
    assert.deepEqual(server.ids, ['k1'])
    assert.notEqual(server.keys.trouble, null)
  }
})

test('a change of the keys is told, an answer with the same keys is not', async () => {
  const server = new Server()
  let changes = 0
  server.keys.watch(() => changes++)
  await server.keys.refresh()
  assert.equal(changes, 1)
  const { keys } = server.keys
  await server.pass(601)
  assert.equal(changes, 1)
  assert.equal(server.keys.keys, keys)
  server.text = keySet(second)
  await server.pass(601)
  assert.equal(changes, 2)
})

test('after the end nothing is asked any more', async () => {
  const server = new Server()
  await server.keys.refresh()
  await server.keys.close()
  await server.pass(1_000)
  assert.equal(server.asked, 1)
})
