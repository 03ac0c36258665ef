import { test } from 'node:test'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true, settings: { maximumKeepAlive: 20 } })

for (const keepAlive of [0, 21, 65_535]) {
  test(
    `Keep Alive ${keepAlive} is replaced by Server Keep Alive, which is enforced [MQTT §3.2.2.3.14] [MQTT-3.1.2-22]`,
    broker.ours,
    async () => {
      const client = await broker.open(v5)
      client.send(v5.connect({ clientId: fresh(), keepAlive }))
      await client.expect('connack', { code: 0, properties: { serverKeepAlive: 20 } })
      await broker.elapse(29_000)
      await client.expectNoMore()
      await broker.elapse(32_000)
      await client.expectBroken(0x8d)
    },
  )
}

for (const keepAlive of [1, 10, 20]) {
  test(`Keep Alive ${keepAlive} is left alone, and enforced [MQTT-3.2.2-22]`, broker.ours, async () => {
    const client = await broker.open(v5)
    client.send(v5.connect({ clientId: fresh(), keepAlive }))
    await client.expect('connack', { code: 0, properties: { serverKeepAlive: undefined } })
    await broker.elapse(keepAlive * 1_400)
    await client.expectNoMore()
    await broker.elapse(keepAlive * 1_500 + 1_500)
    await client.expectBroken(0x8d)
  })
}
