import type { Counters } from '../base/counters.ts'

/** A topic of the $SYS tree and its value. */
export type SysValue = readonly [topic: string, value: string]

export interface SysSource {
  readonly counters: Counters
  readonly version: string
  /** Seconds since the start. */
  readonly uptime: () => number
  /** `ok`, `behind`, or `failing` with the reason. */
  readonly store: () => string
  /** When the certificates of listeners expire, as wall-clock milliseconds since 1970, by what the listener is called. */
  readonly certificates: () => Iterable<readonly [listener: string, expires: number]>
}

const minutes = [1, 5, 15] as const

/** Moving averages per minute, as the load figures of Mosquitto are computed: exponentially weighted. */
interface Load {
  readonly name: string
  readonly count: () => number
  last: number
  readonly averages: number[]
}

/**
 * The $SYS tree: what Mosquitto publishes under the same names, and under `$SYS/broker/petaltail/` what only this
 * broker counts. Answers with the topics whose value changed since the last time.
 */
export class SysTree {
  readonly #source: SysSource
  readonly #published = new Map<string, string>()
  readonly #loads: readonly Load[]

  constructor(source: SysSource) {
    this.#source = source
    const { counters } = source
    const load = (name: string, count: () => number): Load => ({ name, count, last: 0, averages: minutes.map(() => 0) })
    this.#loads = [
      load('messages/received', () => counters.packetsReceived),
      load('messages/sent', () => counters.packetsSent),
      load('publish/received', () => counters.publishReceived),
      load('publish/sent', () => counters.publishSent),
      load('publish/dropped', () => counters.publishDropped),
      load('bytes/received', () => counters.bytesReceived),
      load('bytes/sent', () => counters.bytesSent),
      load('connections', () => counters.connectionsAccepted),
    ]
  }

  /** The values that changed; `seconds` have passed since the last call. */
  changed(seconds: number): SysValue[] {
    this.#average(seconds)
    const changes: SysValue[] = []
    for (const [topic, value] of this.#values()) {
      const text = String(value)
      if (this.#published.get(topic) === text) continue
      this.#published.set(topic, text)
      changes.push([topic, text])
    }
    return changes
  }

  #average(seconds: number): void {
    for (const load of this.#loads) {
      const count = load.count()
      const perMinute = seconds > 0 ? ((count - load.last) * 60) / seconds : 0
      load.last = count
      for (let index = 0; index < minutes.length; index++) {
        const weight = Math.exp(-seconds / (60 * minutes[index]))
        load.averages[index] = perMinute + weight * (load.averages[index] - perMinute)
      }
    }
  }

  *#values(): Generator<readonly [string, string | number]> {
    const { counters, version, uptime, store, certificates } = this.#source
    const broker = '$SYS/broker'
    yield [`${broker}/version`, `petaltail version ${version}`]
    yield [`${broker}/uptime`, `${Math.floor(uptime())} seconds`]
    yield [`${broker}/clients/total`, counters.sessions]
    yield [`${broker}/clients/connected`, counters.connections]
    yield [`${broker}/clients/active`, counters.connections]
    yield [`${broker}/clients/disconnected`, Math.max(0, counters.sessions - counters.connections)]
    yield [`${broker}/clients/inactive`, Math.max(0, counters.sessions - counters.connections)]
    yield [`${broker}/clients/maximum`, counters.connectionsMaximum]
    yield [`${broker}/messages/received`, counters.packetsReceived]
    yield [`${broker}/messages/sent`, counters.packetsSent]
    yield [`${broker}/messages/stored`, counters.retained + counters.queued]
    yield [`${broker}/store/messages/count`, counters.retained + counters.queued]
    yield [`${broker}/store/messages/bytes`, counters.retainedBytes + counters.queuedBytes]
    yield [`${broker}/publish/messages/received`, counters.publishReceived]
    yield [`${broker}/publish/messages/sent`, counters.publishSent]
    yield [`${broker}/publish/messages/dropped`, counters.publishDropped]
    yield [`${broker}/publish/bytes/received`, counters.publishBytesReceived]
    yield [`${broker}/publish/bytes/sent`, counters.publishBytesSent]
    yield [`${broker}/bytes/received`, counters.bytesReceived]
    yield [`${broker}/bytes/sent`, counters.bytesSent]
    yield [`${broker}/subscriptions/count`, counters.subscriptions]
    yield [`${broker}/retained messages/count`, counters.retained]
    yield [`${broker}/heap/current`, process.memoryUsage.rss()]
    for (const { name, averages } of this.#loads) {
      for (let index = 0; index < minutes.length; index++)
        yield [`${broker}/load/${name}/${minutes[index]}min`, averages[index].toFixed(2)]
    }
    yield [`${broker}/petaltail/connections/accepted`, counters.connectionsAccepted]
    yield [`${broker}/petaltail/connections/refused`, counters.connectionsRefused]
    yield [`${broker}/petaltail/connections/unproven`, counters.authenticationsFailed]
    yield [`${broker}/petaltail/publish/refused`, counters.publishRefused]
    yield [`${broker}/petaltail/subscribe/accepted`, counters.subscribesAccepted]
    yield [`${broker}/petaltail/subscribe/refused`, counters.subscribesRefused]
    yield [`${broker}/petaltail/store/condition`, store()]
    yield [`${broker}/petaltail/queued/count`, counters.queued]
    yield [`${broker}/petaltail/queued/bytes`, counters.queuedBytes]
    for (const [listener, expires] of certificates())
      yield [`${broker}/petaltail/certificates/${level(listener)}/expires`, new Date(expires).toISOString()]
  }
}

/** The name of a listener as one level of a topic: `mqtts://*:8883` becomes `mqtts:*:8883`. */
function level(listener: string): string {
  return listener.replace('//', '').replace(/[/+#]/g, '-')
}
