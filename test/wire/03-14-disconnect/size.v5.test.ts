import { test } from 'node:test'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { saysWhyIfItFits } from '../03-04-acknowledgements/reason-size.ts'

const broker = useTarget()

const errors: readonly (readonly [string, Buffer])[] = [
  ['a malformed packet', v5.pingreq({ header: 0xc1 })],
  ['a protocol error', v5.subscribe({ id: 3, filters: [] })],
  ['an invalid topic name', v5.publish({ topic: `${fresh()}/#` })],
  ['an unknown topic alias', v5.publish({ topic: '', properties: { topicAlias: 1 } })],
]
for (const [what, packet] of errors) {
  test(
    `DISCONNECT for ${what} says why only within Maximum Packet Size [MQTT-3.14.2-3] [MQTT-3.14.2-4]`,
    broker.ours,
    async () => {
      await saysWhyIfItFits(broker, { packet, answer: 'disconnect' })
    },
  )
}
