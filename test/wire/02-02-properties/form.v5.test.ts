import { test } from 'node:test'
import { hex } from '../../kit/bytes.ts'
import { v5 } from '../../kit/packets.ts'
import type { PropertySection } from '../../kit/properties.ts'
import { useTarget } from '../../kit/target.ts'
import { clientPackets, goodValues } from './client-packets.ts'

const broker = useTarget()

for (const { name, section, allowed, build } of clientPackets) {
  const refused = (what: string, code: number, packet: Buffer, tags: string) => {
    test(`${name} ${what} ${tags}`, async () => {
      const client = await broker.connect(v5)
      client.send(packet)
      await client.expectDisconnect(code)
    })
  }

  for (const property of allowed) {
    if (property === 'userProperty' || property === 'serverReference') continue
    const value = goodValues[property]
    const twice: PropertySection = [
      [property, value],
      [property, value],
    ]
    refused(`with ${property} twice is a protocol error`, 0x82, build({ properties: twice }), `[MQTT §${section}]`)
  }

  const malformed: readonly (readonly [string, Buffer])[] = [
    ['whose Property Length passes its end', build({ properties: hex`26 0001 61 0001 62`, propertyLength: 100 })],
    ['whose Property Length cuts a property', build({ properties: hex`26 0001 61 0001 62`, propertyLength: 4 })],
    ['with half a User Property', build({ properties: hex`26 0001 61` })],
    ['with a User Property longer than its properties', build({ properties: hex`26 0001 61 00ff 62` })],
    ['with a Property Length of five bytes', build({ properties: {}, propertyLength: hex`80 80 80 80 00` })],
    ['with a Property Length that does not end', build({ properties: null, trailing: hex`ff` })],
  ]
  for (const [what, packet] of malformed) refused(`${what} is malformed`, 0x81, packet, '[MQTT §2.2.2.1] [MQTT §1.5.5]')

  const strings: readonly (readonly [string, Buffer])[] = [
    ['a surrogate', hex`ed a0 80`],
    ['an overlong form', hex`c0 af`],
    ['a lone continuation byte', hex`80`],
    ['a cut sequence', hex`e2 82`],
    ['a code point over U+10FFFF', hex`f4 90 80 80`],
  ]
  for (const [what, text] of [...strings, ['U+0000', hex`61 00 62`] as const]) {
    const tag = what === 'U+0000' ? '[MQTT-1.5.4-2]' : '[MQTT-1.5.4-1]'
    const named = build({ properties: { userProperty: [[text, 'value']] } })
    refused(`with ${what} in the name of a User Property is malformed`, 0x81, named, `${tag} [MQTT-1.5.7-1]`)
    const valued = build({ properties: { userProperty: [['name', text]] } })
    refused(`with ${what} in the value of a User Property is malformed`, 0x81, valued, `${tag} [MQTT-1.5.7-1]`)
    if (!allowed.includes('reasonString')) continue
    const reasoned = build({ properties: { reasonString: text } })
    refused(`with ${what} in the Reason String is malformed`, 0x81, reasoned, tag)
  }

  if (name === 'SUBSCRIBE' || name === 'UNSUBSCRIBE') continue
  const trailing = build({ properties: {}, trailing: hex`00` })
  refused('with bytes after its properties is malformed', 0x81, trailing, `[MQTT §${section}]`)
}
