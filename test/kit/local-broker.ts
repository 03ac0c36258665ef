import type { FakeClock } from './fake-clock.ts'
import type { TargetOptions } from './target.ts'

/** Our own broker in this process. */
export interface LocalBroker {
  readonly port: number
  readonly websocketUrl: string | undefined
  close(): Promise<void>
}

type CreateBroker = (
  options: Record<string, unknown>,
) => Promise<{ addresses: readonly { port: number }[]; close(): Promise<void> }>

export async function startLocal(options: TargetOptions, clock: FakeClock | null): Promise<LocalBroker> {
  const createBroker = await load()
  const listen = ['mqtt://127.0.0.1:0']
  if (options.websocket) listen.push('ws://127.0.0.1:0/mqtt')
  const { settings, authenticator, authorizer } = options
  const broker = await createBroker({
    listen,
    ...(settings && { settings }),
    ...(authenticator && { authenticator }),
    ...(authorizer && { authorizer }),
    ...(clock && { clock }),
  })
  const [tcp, websocket] = broker.addresses
  return {
    port: tcp?.port ?? 0,
    websocketUrl: websocket && `ws://127.0.0.1:${websocket.port}/mqtt`,
    close: () => broker.close(),
  }
}

async function load(): Promise<CreateBroker> {
  const module: unknown = await import(new URL('../../src/index.ts', import.meta.url).href)
  if (!hasCreateBroker(module)) throw new Error('src/index.ts has no createBroker')
  return module.createBroker
}

function hasCreateBroker(module: unknown): module is { createBroker: CreateBroker } {
  return typeof module === 'object' && module !== null && 'createBroker' in module
}
