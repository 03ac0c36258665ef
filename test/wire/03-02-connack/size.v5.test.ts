import { equal, notEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { PacketOf } from '../../kit/decode.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

async function connack(maximumPacketSize: number, fields: ConnectFields = {}): Promise<PacketOf<'connack'> | null> {
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId: fresh(), ...fields, properties: { maximumPacketSize } }))
  const packet = await client.next()
  if (packet !== null && packet.type !== 'connack') throw new Error(`${packet.type} came`)
  return packet
}

const refused = { will: { topic: 'a/#', payload: 'x' } }

test(
  'a Reason String that makes CONNACK larger than the client takes is left out [MQTT-3.2.2-19] [MQTT-3.1.2-24]',
  broker.ours,
  async () => {
    const whole = await connack(10_000, refused)
    notEqual(whole?.properties.reasonString, undefined)
    const size = whole?.bytes.length ?? 0
    const fitting = await connack(size, refused)
    equal(fitting?.properties.reasonString, whole?.properties.reasonString)
    const cut = await connack(size - 1, refused)
    equal(cut?.properties.reasonString, undefined)
    equal(cut?.code, whole?.code)
  },
)

// A server that cannot say less may only close.
test('no CONNACK is larger than the client takes [MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.1.2-24]', async () => {
  for (const fields of [{}, refused, { clientId: '' }]) {
    for (let maximum = 1; maximum < 120; maximum += 7) {
      const size = (await connack(maximum, fields))?.bytes.length ?? 0
      ok(size <= maximum, `CONNACK has ${size} bytes for a maximum of ${maximum}`)
    }
  }
})
