import { test } from 'node:test'
import type { Authorizer } from '../../../src/engine/ports.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'
import { saysWhyIfItFits, staysWithin } from './reason-size.ts'

const authorizer: Authorizer = {
  decide: (_client, action) => ({ allowed: action !== 'publish', why: 'nobody may publish to any topic here' }),
}

const broker = useTarget({ authorizer })
const topic = fresh()

test('PUBACK says why only within Maximum Packet Size [MQTT-3.4.2-2] [MQTT-3.4.2-3]', broker.ours, async () => {
  await saysWhyIfItFits(broker, { packet: v5.publish({ topic, qos: 1, id: 5 }), answer: 'puback' })
})

test('PUBREC says why only within Maximum Packet Size [MQTT-3.5.2-2] [MQTT-3.5.2-3]', broker.ours, async () => {
  await saysWhyIfItFits(broker, { packet: v5.publish({ topic, qos: 2, id: 6 }), answer: 'pubrec' })
})

test('PUBREL stays within Maximum Packet Size [MQTT-3.6.2-2] [MQTT-3.6.2-3]', async () => {
  await staysWithin(broker, { packet: v5.pubrec(77), answer: 'pubrel' }, 24)
})

test('PUBCOMP stays within Maximum Packet Size [MQTT-3.7.2-2] [MQTT-3.7.2-3]', async () => {
  await staysWithin(broker, { packet: v5.pubrel(77), answer: 'pubcomp' }, 24)
})
