import type { Clock } from '../base/clock.ts'
import type { Counters } from '../base/counters.ts'
import type { Damper } from '../base/damper.ts'
import type { Log } from '../base/log.ts'
import type { Qos } from '../packet/types.ts'
import type { TopicName } from '../topic/name.ts'
import type { Access } from './access.ts'
import type { Actor } from './actor.ts'
import { denied } from './denied.ts'
import { Message, never } from './message.ts'
import type { Journal, Verdict } from './ports.ts'
import type { WillRecord } from './store-ports.ts'

export interface WillContext {
  readonly clock: Clock
  readonly counters: Counters
  readonly journal: Journal
  readonly log: Log
  readonly denials: Damper
  readonly access: Access
  readonly router: { route(message: Message): number }
}

/** Publishes a will whose time has come, if the rules of now allow it. */
export function publishWill(context: WillContext, will: Will): void {
  const { access, log } = context
  const { actor, topic, record } = will
  const answer = access.will(actor, topic.text, record.qos, record.retain)
  if (!(answer instanceof Promise)) return decided(context, will, answer)
  answer.then(
    (verdict) => decided(context, will, verdict),
    (error: unknown) =>
      log.error('a decision failed', { clientId: actor.id, about: 'its will, which is not published', error }),
  )
}

function decided(context: WillContext, will: Will, verdict: Verdict): void {
  const { actor, record, topic } = will
  if (verdict.allowed) {
    context.router.route(will.message(context.clock))
    return
  }
  context.counters.publishRefused++
  denied(context, actor, 'will', topic.text, record.qos, verdict)
}

/** A will as it waits with its session [MQTT 3.1.2.5]. */
export class Will {
  /** What the store knows it by. */
  readonly number: number
  readonly topic: TopicName
  /** Whose it is. */
  readonly actor: Actor
  readonly record: WillRecord

  constructor(number: number, topic: TopicName, actor: Actor, record: WillRecord) {
    this.number = number
    this.topic = topic
    this.actor = actor
    this.record = record
  }

  /** Seconds between the loss of the connection and its publication. */
  get delay(): number {
    return this.record.delay
  }

  get qos(): Qos {
    return this.record.qos
  }

  /** The same will of a client that proved anew who it is. */
  of(actor: Actor): Will {
    const { number, topic, record } = this
    return new Will(number, topic, actor, { ...record, actor: actor.toText() })
  }

  /** The message to publish now: its expiry is counted from here. */
  message(clock: Clock): Message {
    const { qos, retain, properties, expiryInterval, clientId, payload } = this.record
    const expiresAt = expiryInterval < 0 ? never : clock.now() + expiryInterval * 1_000
    return new Message(this.topic, qos, retain, properties, expiresAt, clientId, payload, 0, payload.length)
  }
}
