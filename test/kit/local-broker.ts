import type { FakeClock } from './fake-clock.ts'
import type { TargetOptions } from './target.ts'

/** Our own broker in this process. */
export interface LocalBroker {
  readonly port: number
  readonly websocketUrl: string | undefined
  close(): Promise<void>
}

export async function startLocal(options: TargetOptions, clock: FakeClock | null): Promise<LocalBroker> {
  // Loaded only here: against a foreign target nothing of ours takes part.
  const { createBroker } = await import('../../src/index.ts')
  const { settings, authenticator, authorizer, websocket } = options
  const broker = await createBroker({
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
    close: () => broker.close(),
  }
}
