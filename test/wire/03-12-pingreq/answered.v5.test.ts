import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { useTarget } from '../../kit/target.ts'

const broker = useTarget()

test('each PINGREQ is answered by PINGRESP [MQTT-3.12.4-1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.pingreq())
  await client.expectBytes(hex`d0 00`)
  client.send(v5.pingreq(), v5.pingreq(), v5.pingreq())
  await client.expectBytes(hex`d0 00`, hex`d0 00`, hex`d0 00`)
  await client.expectNoMore()
})

for (let flags = 1; flags < 16; flags++) {
  test(`PINGREQ with flags ${flags} is malformed [MQTT-2.1.3-1]`, async () => {
    const client = await broker.connect(v5)
    client.send(v5.pingreq({ header: 0xc0 | flags }))
    await client.expectDisconnect(0x81)
  })
}

test('PINGREQ with a body is malformed [MQTT §3.12.1]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.pingreq({ trailing: hex`00` }))
  await client.expectDisconnect(0x81)
})

for (const [name, header] of [
  ['CONNACK', 0x20],
  ['SUBACK', 0x90],
  ['UNSUBACK', 0xb0],
  ['PINGRESP', 0xd0],
  ['the reserved type 0', 0x00],
] as const) {
  test(`${name} from a client is refused [MQTT §2.1.2]`, async () => {
    const client = await broker.connect(v5)
    client.send(hex`${header} 00`)
    await client.expectDisconnect(0x81, 0x82)
  })
}
