import { setTimeout as sleep } from 'node:timers/promises'
import { publish } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import type { Ledger } from './ledger.ts'
import type { Network } from './network.ts'

const pause = 20

/** Sessions made while the broker may be killed at any moment. Each one whose SUBACK came must be there at the end. */
export class Sessions {
  readonly #ledger: Ledger
  readonly #acknowledged: string[] = []
  #tried = 0

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  get count(): number {
    return this.#acknowledged.length
  }

  /** Makes sessions with one subscription each until the broker goes. */
  async make(network: Network): Promise<void> {
    const { port } = network
    try {
      while (network.up && network.port === port) {
        const name = `session${this.#tried++}`
        const client = await connect(network, name)
        await client.expect('connack', { sessionPresent: false })
        await client.subscribe({ filter: `to/${name}`, qos: 1 })
        this.#acknowledged.push(name)
        await client.end()
        await sleep(pause)
      }
    } catch (error) {
      if (network.up && network.port === port) this.#ledger.violate(`no session could be made: ${firstLine(error)}`)
    }
  }

  /** Every session is there, and its subscription: a message reaches it. */
  async check(network: Network): Promise<void> {
    const writer = await connect(network, 'writer')
    await writer.expect('connack', { code: 0 })
    for (const name of this.#acknowledged) {
      try {
        await publish(writer, { topic: `to/${name}`, qos: 1, payload: name })
        const client = await connect(network, name)
        await client.expect('connack', { sessionPresent: true })
        await client.expect('publish', { topic: `to/${name}`, payload: name, qos: 1 })
        client.destroy()
      } catch (error) {
        this.#ledger.violate(`${name}: ${firstLine(error)}`)
      }
    }
    writer.destroy()
  }
}

async function connect({ port }: Network, clientId: string): Promise<WireClient> {
  const client = await WireClient.open({ host: '127.0.0.1', port }, v5)
  client.send(v5.connect({ clientId, clean: false, properties: { sessionExpiryInterval: 3_600 } }))
  return client
}

function firstLine(error: unknown): string {
  return String(error).split('\n', 1).join()
}
