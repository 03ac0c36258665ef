import { test } from 'node:test'
import type { Authorizer } from '../../../src/engine/ports.ts'
import { v5 } from '../../kit/packets.ts'
import { useTarget } from '../../kit/target.ts'
import { saysWhyIfItFits, staysWithin } from '../03-04-acknowledgements/reason-size.ts'

const authorizer: Authorizer = {
  decide: (_client, action) => ({ allowed: action !== 'subscribe', why: 'nobody may subscribe to any topic here' }),
}

const broker = useTarget({ authorizer })

test('SUBACK says why only within Maximum Packet Size [MQTT-3.9.2-1] [MQTT-3.9.2-2]', broker.ours, async () => {
  await saysWhyIfItFits(broker, { packet: v5.subscribe({ id: 3, filters: ['a'] }), answer: 'suback' })
})

test(
  'SUBACK says why an invalid filter was refused only within Maximum Packet Size [MQTT-3.9.2-1] [MQTT-3.9.2-2]',
  broker.ours,
  async () => {
    await saysWhyIfItFits(broker, { packet: v5.subscribe({ id: 3, filters: ['a/#/b'] }), answer: 'suback' })
  },
)

test('UNSUBACK stays within Maximum Packet Size [MQTT-3.11.2-1] [MQTT-3.11.2-2]', async () => {
  await staysWithin(broker, { packet: v5.unsubscribe({ id: 3, filters: ['a', 'b'] }), answer: 'unsuback' }, 24)
})
