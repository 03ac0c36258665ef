import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FakeClock } from './fake-clock.ts'
import type { TargetOptions } from './target.ts'

/** Our own broker in this process. */
export interface LocalBroker {
  readonly port: number
  readonly websocketUrl: string | undefined
  close(): Promise<void>
}

/** With PETALTAIL_WIRE_STORE=disk every broker keeps what it keeps on disk, in a folder of its own. */
async function temporaryStore(): Promise<string | null> {
  return process.env.PETALTAIL_WIRE_STORE === 'disk' ? mkdtemp(join(tmpdir(), 'petaltail-wire-')) : null
}

export async function startLocal(options: TargetOptions, clock: FakeClock | null): Promise<LocalBroker> {
  // Loaded only here: against a foreign target nothing of ours takes part.
  const { createBroker } = await import('../../src/index.ts')
  const { settings, authenticator, authorizer, websocket } = options
  const store = await temporaryStore()
  const broker = await createBroker({
    ...(store !== null && { store }),
    listen: ['mqtt://127.0.0.1:0', ...(websocket ? ['ws://127.0.0.1:0/mqtt'] : [])],
    ...(settings && { settings }),
    ...(authenticator && { authenticator }),
    ...(authorizer && { authorizer }),
    ...(clock && { clock }),
  })
  const [tcp, web] = broker.addresses
  return {
    port: tcp?.port ?? 0,
    websocketUrl: web && `ws://127.0.0.1:${web.port}/mqtt`,
    close: async () => {
      await broker.close()
      if (store !== null) await rm(store, { recursive: true })
    },
  }
}
