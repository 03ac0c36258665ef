import { equal } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Authenticator } from '../../../src/engine/ports.ts'
import { createBroker } from '../../../src/index.ts'
import { v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'

const atTheirWord: Authenticator = {
  authenticate: ({ username }) => ({ name: username ?? '', method: 'password' }),
  begin: () => null,
}

/** Connects once to a broker on the folder, and returns the reason code of CONNACK. */
async function connect(store: string, username: string, clientId: string): Promise<number> {
  await using broker = await createBroker({
    store,
    listen: ['mqtt://127.0.0.1:0'],
    authenticator: atTheirWord,
    settings: { maximumSessionsPerIdentity: 1 },
  })
  const client = await WireClient.open({ host: '127.0.0.1', port: broker.addresses[0].port }, v5)
  client.send(
    v5.connect({ clientId, username, password: 'x', clean: false, properties: { sessionExpiryInterval: 1_000 } }),
  )
  const { code } = await client.expect('connack', {})
  if (code === 0) await client.disconnect()
  else await client.expectClosed()
  return code
}

test('whom a session belongs to, and how many each has, is known after a restart', async (t) => {
  const store = await mkdtemp(join(tmpdir(), 'petaltail-ownership-'))
  t.after(() => rm(store, { recursive: true }))
  equal(await connect(store, 'änn', 'pump'), 0)
  equal(await connect(store, 'bob', 'pump'), 0x87)
  equal(await connect(store, 'änn', 'other'), 0x97)
  equal(await connect(store, 'änn', 'pump'), 0)
})
