import type { Clock } from '../base/clock.ts'
import type { Qos } from '../packet/types.ts'
import type { TopicName } from '../topic/name.ts'
import { Message, never } from './message.ts'
import type { WillRecord } from './store-ports.ts'

/** A will as it waits with its session [MQTT 3.1.2.5]. */
export class Will {
  /** What the store knows it by. */
  readonly number: number
  readonly topic: TopicName
  readonly record: WillRecord

  constructor(number: number, topic: TopicName, record: WillRecord) {
    this.number = number
    this.topic = topic
    this.record = record
  }

  /** Seconds between the loss of the connection and its publication. */
  get delay(): number {
    return this.record.delay
  }

  get qos(): Qos {
    return this.record.qos
  }

  /** The message to publish now: its expiry is counted from here. */
  message(clock: Clock): Message {
    const { qos, retain, properties, expiryInterval, clientId, payload } = this.record
    const expiresAt = expiryInterval < 0 ? never : clock.now() + expiryInterval * 1_000
    return new Message(this.topic, qos, retain, properties, expiresAt, clientId, payload, 0, payload.length)
  }
}
