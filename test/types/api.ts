// Checked by `npm run types`, not run: what an embedding program may write, and what it may not.

import { type Broker, createBroker, type JournalEvent, type Log, Reason, type Settings } from '../../src/index.ts'

export async function allowed(log: Log): Promise<string> {
  await using broker: Broker = await createBroker({
    listen: ['mqtt://127.0.0.1:0', { url: 'ws://127.0.0.1:0/mqtt', maxConnections: 10, allowAnonymous: false }],
    settings: { maximumPacketSize: 1_000, queuePolicy: 'drop-newest' },
    authenticator: {
      authenticate: ({ username, password }) =>
        username === 'ann' && password?.toString() === 'secret' ? { name: username, method: 'password' } : 'refused',
      begin: () => null,
    },
    authorizer: {
      decide: async (client, action, topic) => ({ allowed: topic.startsWith(client.identity.name), why: action }),
    },
    log,
  })
  const stop: () => void = broker.subscribe('t/#', ({ payload, qos, properties }) => {
    const level: 0 | 1 | 2 = qos
    const names: readonly (readonly [string, string])[] = properties.userProperties ?? []
    return `${payload.toString('utf8')} ${level} ${names.length}`
  })
  const reached: number = broker.publish('t/1', new Uint8Array([1]), {
    qos: 2,
    retain: true,
    userProperties: [['a', 'b']],
  })
  stop()
  broker.observe((event) => describe(event))
  return `${reached} ${broker.addresses[0]?.port} ${broker.counters.publishSent} ${Reason.QuotaExceeded}`
}

/** Every event is told apart by its kind. */
function describe(event: JournalEvent): string {
  switch (event.kind) {
    case 'connected':
      return `${event.clientId} ${event.version}`
    case 'disconnected':
      return `${event.by} ${event.reason}`
    case 'refused':
      return `${event.listener} ${event.detail}`
    case 'denied':
      return `${event.action} ${event.topic}`
    case 'unsubscribed':
      return `${event.topic} ${event.rule}`
    case 'dropped':
      return `${event.why} ${event.qos}`
  }
}

export async function forbidden(broker: Broker, settings: Settings): Promise<void> {
  // @ts-expect-error a number is no payload
  broker.publish('t', 1)
  // @ts-expect-error there is no QoS 3
  broker.publish('t', '', { qos: 3 })
  // @ts-expect-error a message that is published has no such option
  broker.publish('t', '', { retained: true })
  // @ts-expect-error settings do not change while the broker runs
  settings.maximumQos = 0
  // @ts-expect-error counters are read only
  broker.counters.publishSent = 0
  // @ts-expect-error there is no such setting
  await createBroker({ settings: { maxPacketSize: 1 } })
  // @ts-expect-error a listener is given by its URL
  await createBroker({ listen: [{ port: 1883 }] })
}
