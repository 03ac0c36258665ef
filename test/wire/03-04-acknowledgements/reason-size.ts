import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import type { PacketOf } from '../../kit/decode.ts'
import { type ConnectFields, v5 } from '../../kit/packets.ts'
import { fresh, type Target } from '../../kit/target.ts'
import type { WireClient } from '../../kit/wire-client.ts'

type Explained = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp' | 'suback' | 'unsuback' | 'disconnect' | 'auth'

/** How a client comes to be told something: what it sends after CONNECT, and the type of the answer. */
export interface Question<T extends Explained> {
  readonly connect?: ConnectFields
  readonly packet: Buffer
  readonly answer: T
  /** Takes what comes before the answer. */
  before?(client: WireClient): Promise<unknown>
}

/** The answer carries a Reason String where it fits the client's Maximum Packet Size to the byte, and else does not. */
export async function saysWhyIfItFits<T extends Explained>(broker: Target, question: Question<T>): Promise<void> {
  const free = await ask(broker, question, undefined)
  notEqual(free.properties.reasonString ?? '', '', 'no Reason String without a limit')
  const size = free.bytes.length
  const fitting = await ask(broker, question, size)
  deepEqual(fitting.bytes, free.bytes)
  await staysWithin(broker, question, size - 1)
}

/** The answer keeps to the client's Maximum Packet Size, by leaving out its Reason String and User Properties. */
export async function staysWithin<T extends Explained>(
  broker: Target,
  question: Question<T>,
  limit: number,
): Promise<void> {
  const answer = await ask(broker, question, limit)
  ok(answer.bytes.length <= limit, `${answer.bytes.length} bytes, not ${limit}`)
  equal(answer.properties.reasonString, undefined)
  equal(answer.properties.userProperty, undefined)
}

async function ask<T extends Explained>(
  broker: Target,
  question: Question<T>,
  limit: number | undefined,
): Promise<PacketOf<T>> {
  const client = await broker.open(v5)
  const size = limit === undefined ? {} : { maximumPacketSize: limit }
  const properties = { ...question.connect?.properties, ...size }
  client.send(v5.connect({ clientId: fresh(), keepAlive: 60, ...question.connect, properties }))
  if (question.before === undefined) await client.expect('connack', { code: 0 })
  else await question.before(client)
  client.send(question.packet)
  return await client.expect(question.answer)
}
