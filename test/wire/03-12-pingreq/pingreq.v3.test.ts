import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v3, v4 } from '../../kit/packets.ts'
import { useTarget } from '../../kit/target.ts'

const broker = useTarget()

for (const packets of [v3, v4]) {
  test(`each PINGREQ is answered by one PINGRESP (level ${packets.version}) [MQTT3-3.12.4-1]`, async () => {
    const client = await broker.connect(packets)
    client.send(hex`c0 00`)
    await client.expectBytes(hex`d0 00`)
    client.send(hex`c0 00`, hex`c0 00`, hex`c0 00`)
    await client.expectBytes(hex`d0 00`, hex`d0 00`, hex`d0 00`)
    await client.expectNoMore()
  })
}
