import assert from 'node:assert/strict'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Broker, createBroker, type Log, type Settings } from '../../src/index.ts'
import { FakeClock } from '../kit/fake-clock.ts'
import { assault } from './assault.ts'
import { Canary } from './canary.ts'
import { heapUsed } from './heap.ts'
import { HostileClient } from './hostile-client.ts'
import { Random } from './random.ts'
import { slowAuthenticator, slowAuthorizer } from './slow-decisions.ts'

export interface CampaignOptions {
  readonly seed: number
  readonly batches: number
  /** Hostile clients in a batch, about half of them at the same time. */
  readonly clients: number
}

export interface CampaignResult {
  readonly clients: number
  /** Live bytes after the first batch and after the last. */
  readonly heap: readonly [first: number, last: number]
}

/** Small limits, so that hostile clients reach them; choices differ from campaign to campaign. */
function settingsOf(random: Random): Partial<Settings> {
  return {
    queuePolicy: random.pick(['drop-oldest', 'drop-newest', 'disconnect']),
    queueQos0: random.once(2),
    maximumQos: random.pick([2, 2, 2, 1]),
    retainAvailable: !random.once(6),
    wildcardSubscriptionAvailable: !random.once(6),
    sharedSubscriptionAvailable: !random.once(6),
    subscriptionIdentifierAvailable: !random.once(6),
    maximumKeepAlive: random.pick([0, 60, 3_600]),
    responseInformation: random.pick(['', 'answers/']),
    ...limits,
  }
}

const limits = {
  maximumPacketSize: 20_000,
  maximumSessionExpiry: 60,
  maximumRetained: 50,
  maximumSubscriptions: 6,
  maximumUserProperties: 4,
  queueMessages: 20,
  queueBytes: 50_000,
  outboxBytes: 4_000,
  maximumInflight: 5,
  receiveMaximum: 4,
  topicAliasMaximum: 3,
  sysInterval: 10,
} as const

/** Milliseconds until what stays is said to stay. */
const patience = 60_000

/** Longer than any session, will delay or time-out lasts. */
const longAfter = 200_000

/**
 * Throws damaged sessions at a broker in batches while a canary sings. Throws when the canary loses anything, when
 * the broker has an internal error or sends what is not MQTT, or when anything of the hostile clients stays behind.
 */
export async function campaign({ seed, batches, clients }: CampaignOptions): Promise<CampaignResult> {
  const random = new Random(seed)
  const clock = new FakeClock()
  const errors: string[] = []
  // The canary and others come through sockets, where every read is into the same memory: what is not copied in time
  // is overwritten.
  await using broker = await createBroker({
    listen: ['mqtt://127.0.0.1:0'],
    settings: settingsOf(random),
    clock,
    log: complaining(errors),
    authenticator: slowAuthenticator(random),
    authorizer: slowAuthorizer(random),
  })
  const canary = await Canary.connect(broker, `canary-${seed}`)
  const before = gaugesOf(broker)
  let heap: [number, number] | null = null
  try {
    for (let batch = 0; batch < batches; batch++) {
      await attack(broker, clock, random, clients, canary)
      await cleared(broker, clock, before)
      assert.deepEqual(errors, [], 'internal errors')
      assert.deepEqual(gaugesOf(broker), before, 'something stays behind')
      await canary.sing(5)
      const live = heapUsed()
      heap = [heap?.[0] ?? live, live]
    }
  } catch (cause) {
    throw new Error(`PETALTAIL_FUZZ_SEED=${seed} finds: ${String(cause)}\n${errors.join('\n')}`, { cause })
  } finally {
    canary.destroy()
  }
  return { clients: batches * clients, heap: heap ?? [0, 0] }
}

async function attack(broker: Broker, clock: FakeClock, random: Random, count: number, canary: Canary): Promise<void> {
  const present: HostileClient[] = []
  for (let index = 0; index < count; index++) {
    const plan = assault(random)
    const client = random.once(2)
      ? HostileClient.inMemory(broker, plan.reads)
      : HostileClient.overSocket(broker, plan.reads)
    present.push(client)
    const running = client.run(plan)
    if (random.once(3)) await running
    if (random.once(10)) await canary.sing(1 + random.below(10))
    if (random.once(15)) clock.advance(random.below(30_000))
    if (random.once(5)) await turn()
    if (present.length > count / 2) leave(present.splice(random.below(present.length), 1))
  }
  await canary.sing(20)
  leave(present)
}

/** Hostile clients are cut off; what they got must have been MQTT. */
function leave(clients: readonly HostileClient[]): void {
  for (const client of clients) {
    client.destroy()
    const complaint = client.complaint()
    if (complaint !== null) assert.fail(`the broker sent what is not MQTT: ${complaint}`)
  }
}

/** Lets the broker notice, however late the system tells it, that only the canary is left. */
async function cleared(broker: Broker, clock: FakeClock, before: object): Promise<void> {
  const end = performance.now() + patience
  do {
    for (let turns = 0; turns < 5; turns++) await turn()
    clock.advance(longAfter)
    await sleep(1)
  } while (!isDeepStrictEqual(gaugesOf(broker), before) && performance.now() < end)
}

function gaugesOf(broker: Broker): object {
  const { connections, sessions, subscriptions, queued, queuedBytes } = broker.counters
  return { connections, sessions, subscriptions, queued, queuedBytes, clients: broker.clients().length }
}

function complaining(errors: string[]): Log {
  const nothing = () => {}
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (message, fields) => {
      if (message === 'a decision failed') return
      const error = fields?.error
      errors.push(`${message}: ${error instanceof Error ? error.stack : String(error)}`)
    },
  }
}
