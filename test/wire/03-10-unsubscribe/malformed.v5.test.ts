import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget()

const refused = (title: string, codes: readonly number[], packet: Buffer) => {
  test(title, async () => {
    const client = await broker.connect(v5)
    client.send(packet)
    await client.expectDisconnect(...codes)
  })
}

for (let flags = 0; flags < 16; flags++) {
  if (flags === 2) continue
  const packet = v5.unsubscribe({ filters: [fresh()], header: 0xa0 | flags })
  refused(`UNSUBSCRIBE with flags ${flags} instead of 2 is malformed [MQTT-3.10.1-1]`, [0x81], packet)
}

const illFormed: readonly (readonly [string, Buffer])[] = [
  ['a high surrogate', hex`61 ed a0 80`],
  ['a low surrogate', hex`61 ed bf bf`],
  ['an overlong form', hex`61 c0 af`],
  ['a lone continuation byte', hex`61 80`],
  ['a cut sequence', hex`61 e2 82`],
  ['a code point over U+10FFFF', hex`f4 90 80 80`],
]
for (const [what, filter] of illFormed) {
  const packet = v5.unsubscribe({ filters: [filter] })
  refused(`a topic filter with ${what} is malformed [MQTT-3.10.3-1] [MQTT-1.5.4-1]`, [0x81], packet)
}
const second = v5.unsubscribe({ filters: [fresh(), hex`c0 af`] })
refused('an ill-formed topic filter after a good one is malformed [MQTT-3.10.3-1]', [0x81], second)
const nul = v5.unsubscribe({ filters: [hex`61 00 62`] })
refused('a topic filter with U+0000 is malformed [MQTT-4.7.3-2] [MQTT-1.5.4-2]', [0x81], nul)

refused(
  'UNSUBSCRIBE without a topic filter is a protocol error [MQTT-3.10.3-2]',
  [0x82],
  v5.unsubscribe({ filters: [] }),
)
const properties = { userProperty: [['a', 'b']] as const }
const withProperties = v5.unsubscribe({ filters: [], properties })
refused('UNSUBSCRIBE with properties and no filter is a protocol error [MQTT-3.10.3-2]', [0x82], withProperties)

const cutFilter = v5.unsubscribe({ filters: ['abcdef'], cut: 8 })
refused('a topic filter longer than the packet is malformed [MQTT §3.10.3]', [0x81], cutFilter)
const noLength = v5.unsubscribe({ filters: [], properties: null })
refused('UNSUBSCRIBE without Property Length is malformed [MQTT §3.10.2.1.1]', [0x81], noLength)
const zeroId = v5.unsubscribe({ id: 0, filters: [fresh()] })
refused('UNSUBSCRIBE with the identifier 0 is refused [MQTT-2.2.1-3]', [0x81, 0x82], zeroId)
