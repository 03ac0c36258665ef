import { test } from 'node:test'
import { publish } from '../../kit/exchange.ts'
import { v4 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ settings: { wildcardSubscriptionAvailable: false } })

test(
  'without wildcard subscriptions each filter with a wildcard gets 0x80, the others are granted [MQTT3-3.8.3-2]',
  broker.ours,
  async () => {
    const root = fresh()
    const client = await broker.connect(v4)
    const filters = [`${root}/a`, `${root}/+`, `${root}/#`, '#', `${root}/b`].map((filter) => ({ filter, qos: 1 }))
    client.send(v4.subscribe({ id: 2, filters }))
    await client.expect('suback', { id: 2, codes: [1, 0x80, 0x80, 0x80, 1] })
    const writer = await broker.connect(v4)
    await publish(writer, { topic: `${root}/c`, qos: 1, payload: 'x' })
    await publish(writer, { topic: `${root}/a`, qos: 0, payload: 'y' })
    await client.expect('publish', { topic: `${root}/a`, payload: 'y' })
    await client.expectNoMore()
  },
)
