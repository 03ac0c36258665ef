import type { IPublishPacket, ISubscriptionMap, MqttClient, Packet } from 'mqtt'
import { matches } from '../../topic/filter.ts'
import { Failure, usageExitCode } from '../failure.ts'
import { type Dialled, dial, reason } from './dial.ts'
import { compileFormat, type MessageFormat } from './message-format.ts'
import type { ClientOptions } from './options.ts'
import { type ClientPlan, planOf } from './plan.ts'

const reconnectMilliseconds = 1_000

/** The exit code of mosquitto_sub when its time is over. */
const timedOutExitCode = 27

/** The options only `sub` has. */
export interface SubscribeOptions extends ClientOptions {
  readonly count?: number
  readonly timeout?: number
  readonly verbose?: boolean
  readonly format?: string
  readonly skipRetained?: boolean
  readonly filterOut?: readonly string[]
  readonly retainedOnly?: boolean
  readonly removeRetained?: boolean
  readonly retainAsPublished?: boolean
  /** False with -N. */
  readonly newline: boolean
  readonly unsubscribe?: readonly string[]
  readonly exitAfterSubscribe?: boolean
}

/** Subscribes and prints until the count, the time or a signal ends it. */
export async function subscribe(options: SubscribeOptions): Promise<void> {
  const plan = planOf(options, 'sub', process.env)
  const { topics } = plan
  if (topics.length === 0 && options.unsubscribe === undefined)
    throw new Failure('say what to subscribe to: -t filter', usageExitCode)
  const format = compileFormat(formatOf(options))
  const ending = endingOf(options)
  const dialled = await dial(plan, reconnectMilliseconds, (client) => print(client, options, format, ending.end))
  try {
    const outcome = await Promise.race([request(dialled, plan, options), dialled.lost, ending.ended])
    if (outcome === undefined && !options.exitAfterSubscribe) await Promise.race([dialled.lost, ending.ended])
  } finally {
    ending.clear()
    if (dialled.client.connected) await dialled.close()
    else dialled.client.end(true)
  }
  if (ending.timedOut()) process.exitCode = timedOutExitCode
}

interface Ending {
  readonly ended: Promise<'ended'>
  end(): void
  timedOut(): boolean
  clear(): void
}

function endingOf(options: SubscribeOptions): Ending {
  const { promise, resolve } = Promise.withResolvers<'ended'>()
  const finish = () => resolve('ended')
  let over = false
  process.once('SIGINT', finish)
  process.once('SIGTERM', finish)
  const late = () => {
    if (!options.quiet) console.error('petaltail: timed out')
    over = true
    finish()
  }
  const timer = options.timeout === undefined ? undefined : setTimeout(late, options.timeout * 1_000)
  const clear = () => {
    clearTimeout(timer)
    process.off('SIGINT', finish)
    process.off('SIGTERM', finish)
  }
  return { ended: promise, end: finish, timedOut: () => over, clear }
}

/** Asks for the subscriptions; filters the broker refuses are reported, and when all are, that is a failure. */
async function request({ client }: Dialled, plan: ClientPlan, options: SubscribeOptions): Promise<void> {
  const { unsubscribe = [], protocolVersion } = options
  const five = protocolVersion === 5
  if (unsubscribe.length > 0) {
    await client.unsubscribeAsync([...unsubscribe], five ? { properties: plan.properties.unsubscribe } : {})
  }
  if (plan.topics.length === 0) return
  const settings = { qos: options.qos, ...(five && options.retainAsPublished ? { rap: true } : {}) }
  const map: ISubscriptionMap = Object.fromEntries(plan.topics.map((topic) => [topic, settings]))
  const answer = new Promise<Answer>((resolve, reject) => {
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') resolve({ granted: grantedIn(packet), text: packet.properties?.reasonString })
    })
    client.subscribe(map, five ? { properties: plan.properties.subscribe } : {}, (error) => {
      // A refusal by the broker is in the SUBACK; this is a filter that may not be sent at all.
      if (error !== null && !('code' in error)) reject(new Failure(error.message, usageExitCode))
    })
  })
  report(plan.topics, await answer, options)
}

/** What the broker said to a SUBSCRIBE. */
interface Answer {
  readonly granted: readonly number[]
  readonly text: string | undefined
}

function grantedIn(packet: Extract<Packet, { cmd: 'suback' }>): readonly number[] {
  return packet.granted.map((code) => (typeof code === 'number' ? code : Number.NaN))
}

function report(topics: readonly string[], { granted, text }: Answer, options: SubscribeOptions): void {
  const filters = [...new Set(topics)]
  const refusals = filters.flatMap((filter, index) => {
    const code = granted[index] ?? 0
    const words = options.protocolVersion === 5 ? reason(code, text) : 'refused (0x80)'
    return code < 0x80 ? [] : [`the broker refused the subscription to ${filter}: ${words}`]
  })
  if (refusals.length === filters.length) throw new Failure(refusals.join('\n'))
  if (!options.quiet) for (const refusal of refusals) console.error(`petaltail: ${refusal}`)
}

/** Prints what is received; the broker is read no faster than standard output takes it. */
function print(client: MqttClient, options: SubscribeOptions, format: MessageFormat, end: () => void): void {
  let left = options.count ?? Number.POSITIVE_INFINITY
  let behind = false
  client.on('message', (topic, payload, packet) => {
    if (left === 0) return
    if (options.retainedOnly && !packet.retain) {
      left = 0
      end()
      return
    }
    if (!wanted(topic, packet, options)) return
    if (options.removeRetained && packet.retain) client.publish(topic, '', { qos: 1, retain: true })
    if (options.skipRetained && packet.retain) return
    behind = !process.stdout.write(format({ topic, payload, packet, time: performance.timeOrigin + performance.now() }))
    left--
  })
  // Called after each message; the acknowledgement waits for it.
  client.handleMessage = (_packet, done) => {
    const next = () => {
      done()
      if (left === 0) end()
    }
    if (behind) process.stdout.once('drain', next)
    else next()
    behind = false
  }
}

function wanted(topic: string, packet: IPublishPacket, options: SubscribeOptions): boolean {
  if ((options.filterOut ?? []).some((filter) => matches(filter, topic))) return false
  return !(options.retainedOnly && packet.payload.length === 0)
}

function formatOf({ format, verbose, newline }: SubscribeOptions): string {
  const end = newline ? '\\n' : ''
  return (format ?? (verbose ? '%t %p' : '%p')) + end
}
