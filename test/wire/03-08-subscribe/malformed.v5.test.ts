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
  const packet = v5.subscribe({ filters: [fresh()], header: 0x80 | flags })
  refused(`SUBSCRIBE with flags ${flags} instead of 2 is malformed [MQTT-3.8.1-1]`, [0x81], packet)
}

const illFormed: readonly (readonly [string, Buffer])[] = [
  ['a high surrogate', hex`61 ed a0 80`],
  ['a low surrogate', hex`61 ed bf bf`],
  ['an overlong form', hex`61 c0 af`],
  ['a lone continuation byte', hex`61 80`],
  ['a cut sequence', hex`61 e2 82`],
  ['a code point over U+10FFFF', hex`f4 90 80 80`],
  ['the byte FF', hex`ff`],
]
for (const [what, filter] of illFormed) {
  const packet = v5.subscribe({ filters: [{ filter }] })
  refused(`a topic filter with ${what} is malformed [MQTT-3.8.3-1] [MQTT-1.5.4-1]`, [0x81], packet)
}
const second = v5.subscribe({ filters: [fresh(), { filter: hex`c0 af` }] })
refused('an ill-formed topic filter after a good one is malformed [MQTT-3.8.3-1]', [0x81], second)
const nul = v5.subscribe({ filters: [{ filter: hex`61 00 62` }] })
refused('a topic filter with U+0000 is malformed [MQTT-4.7.3-2] [MQTT-1.5.4-2]', [0x81], nul)

refused('SUBSCRIBE without a topic filter is a protocol error [MQTT-3.8.3-2]', [0x82], v5.subscribe({ filters: [] }))
const withProperties = v5.subscribe({ filters: [], properties: { subscriptionIdentifier: 1 } })
refused('SUBSCRIBE with properties and no topic filter is a protocol error [MQTT-3.8.3-2]', [0x82], withProperties)

for (const options of [0x40, 0x80, 0xc0, 0x41, 0xaa]) {
  const packet = v5.subscribe({ filters: [{ filter: fresh(), options }] })
  refused(`the subscription options 0x${options.toString(16)} are malformed [MQTT-3.8.3-5]`, [0x81], packet)
}
const later = v5.subscribe({ filters: [fresh(), { filter: fresh(), options: 0x80 }] })
refused('reserved bits in the options of a second filter are malformed [MQTT-3.8.3-5]', [0x81], later)

for (const options of [0x03, 0x07, 0x2b]) {
  const packet = v5.subscribe({ filters: [{ filter: fresh(), options }] })
  refused(`QoS 3 in the options 0x${options.toString(16)} is a protocol error [MQTT §3.8.3.1]`, [0x82], packet)
}
for (const options of [0x30, 0x31, 0x3e]) {
  const packet = v5.subscribe({ filters: [{ filter: fresh(), options }] })
  refused(`Retain Handling 3 in 0x${options.toString(16)} is a protocol error [MQTT §3.8.3.1]`, [0x82], packet)
}

const zero = v5.subscribe({ filters: [fresh()], properties: { subscriptionIdentifier: 0 } })
refused('the Subscription Identifier 0 is a protocol error [MQTT §3.8.2.1.2]', [0x82], zero)
const long = v5.subscribe({ filters: [fresh()], properties: hex`0b 80 80 80 80 01` })
refused('a Subscription Identifier of five bytes is malformed [MQTT §1.5.5]', [0x81], long)

const noOptions = v5.subscribe({ filters: [{ filter: fresh(), options: null }] })
refused('a topic filter without options is malformed [MQTT §3.8.3]', [0x81], noOptions)
const cutFilter = v5.subscribe({ filters: [{ filter: 'abcdef', options: null }], cut: 8 })
refused('a topic filter longer than the packet is malformed [MQTT §3.8.3]', [0x81], cutFilter)
const noLength = v5.subscribe({ filters: [], properties: null })
refused('SUBSCRIBE without Property Length is malformed [MQTT §3.8.2.1.1]', [0x81], noLength)
const zeroId = v5.subscribe({ id: 0, filters: [fresh()] })
refused('SUBSCRIBE with the identifier 0 is refused [MQTT-2.2.1-3]', [0x81, 0x82], zeroId)

const share = v5.subscribe({ filters: [{ filter: `$share/g/${fresh()}`, noLocal: true }] })
refused('No Local on a shared subscription is a protocol error [MQTT-3.8.3-4]', [0x82], share)
const mixed = v5.subscribe({
  filters: [
    { filter: fresh(), noLocal: true },
    { filter: `$share/g/${fresh()}`, qos: 1, noLocal: true },
  ],
})
refused('No Local on a shared subscription after others is a protocol error [MQTT-3.8.3-4]', [0x82], mixed)

test('No Local on others and a shared subscription without are granted together [MQTT-3.8.3-4]', async () => {
  const client = await broker.connect(v5)
  const filters = [{ filter: fresh(), noLocal: true }, `$share/g/${fresh()}`]
  client.send(v5.subscribe({ id: 3, filters }))
  await client.expect('suback', { id: 3, codes: [0, 0] })
})

test('every defined bit of the subscription options is accepted [MQTT-3.8.3-5]', async () => {
  const client = await broker.connect(v5)
  const filters = [0x00, 0x01, 0x02, 0x0c, 0x0d, 0x1e, 0x2e].map((options) => ({ filter: fresh(), options }))
  client.send(v5.subscribe({ id: 3, filters }))
  await client.expect('suback', { id: 3, codes: [0, 1, 2, 0, 1, 2, 2] })
})
