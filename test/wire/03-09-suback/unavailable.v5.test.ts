import { ok } from 'node:assert/strict'
import { test } from 'node:test'
import { type SubscribeFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({
  settings: {
    wildcardSubscriptionAvailable: false,
    sharedSubscriptionAvailable: false,
    subscriptionIdentifierAvailable: false,
  },
})

const refused = (title: string, code: number, fields: SubscribeFields) => {
  test(title, broker.ours, async () => {
    const client = await broker.connect(v5)
    client.send(v5.subscribe({ id: 3, ...fields }))
    const packet = await client.next()
    if (packet?.type !== 'suback') return ok(packet?.type === 'disconnect' && packet.code === code, packet?.type)
    ok(packet.codes.every((one) => one === code))
    await client.expectNoMore()
  })
}

const tag = '[MQTT-3.9.3-2] [MQTT §3.2.2.3]'
refused(`a wildcard where unavailable is answered 0xA2 ${tag}`, 0xa2, { filters: [`${fresh()}/#`] })
refused(`a one-level wildcard where unavailable is answered 0xA2 ${tag}`, 0xa2, { filters: [`+/${fresh()}`] })
refused(`a shared subscription where unavailable is answered 0x9E ${tag}`, 0x9e, { filters: [`$share/g/${fresh()}`] })
const properties = { subscriptionIdentifier: 1 }
refused(`a Subscription Identifier where unavailable is answered 0xA1 ${tag}`, 0xa1, { filters: [fresh()], properties })

test('a plain filter is granted where all else is unavailable [MQTT §3.2.2.3]', broker.ours, async () => {
  const client = await broker.connect(v5)
  await client.subscribe({ filter: fresh(), qos: 2 })
})
