import type { DropReason, JournalEvent } from '../engine/ports.ts'
import type { Advice, AdviceContext } from './why-cause.ts'
import { explainCommand, whoText, withoutShare } from './why-explain.ts'
import { shown } from './why-words.ts'

type Denied = Extract<JournalEvent, { kind: 'denied' | 'unsubscribed' }>

/** The rules did not allow a message or a subscription. */
export function deniedAdvice(event: Denied, { config }: AdviceContext): Advice {
  const action = event.kind === 'denied' ? event.action : 'subscribe'
  const from = event.kind === 'denied' ? { listener: event.listener, qos: event.qos } : { listener: '', qos: 0 }
  const { clientId, identity, topic } = event
  const explained = explainCommand({ clientId, identity, action, topic, ...from }, config)
  const ask = explained === null ? '' : `\nWhich rule, and what nearly matched:\n  ${explained}`
  if (event.rule !== '')
    return {
      cause: 'rule-denies',
      text: `The rule at ${shown(event.rule)} does not allow it. Change that rule, or put one that allows it before it.${ask}`,
    }
  return {
    cause: 'no-rule-allows',
    text: `No rule allows it. If it should be allowed, add one:\n${ruleToAdd(event, action)}${ask}`,
  }
}

/** In the form of our own, and in that of Mosquitto. */
function ruleToAdd(event: Denied, action: string): string {
  const topic = withoutShare(event.topic)
  const reads = action === 'subscribe' || action === 'receive'
  const allow = reads ? 'subscribe' : 'publish'
  const own = `  - { allow: ${allow}, ${whoText(event)}, topic: ${JSON.stringify(topic)} }     in a file of rules`
  if (topic.startsWith('$') || event.identity === '') return own
  return `${own}\n  user ${shown(event.identity)}, then: topic ${reads ? 'read' : 'write'} ${shown(topic)}     in an ACL file of Mosquitto`
}

/** What is behind each reason for which messages do not reach a session. */
const drops: Readonly<Record<DropReason, Advice>> = {
  'receiver behind': {
    cause: 'receiver-behind',
    text:
      'The client, or its network, took QoS 0 messages more slowly than they came. Have it subscribe to less, or with QoS 1, ' +
      'which is queued; limits.outbox_bytes says how much may wait.',
  },
  'queue full': {
    cause: 'queue-full',
    text:
      'The queue of the session was full: the client was away, or slow, for too long. Raise queue.messages or queue.bytes, ' +
      'have messages expire, or end sessions earlier with session.maximum_expiry. queue.policy says which messages go.',
  },
  expired: {
    cause: 'expired',
    text: 'Their expiry interval, which the publisher chose, was over before the client took them.',
  },
  'too large for receiver': {
    cause: 'too-large-for-receiver',
    text: 'They are larger than the maximum packet size the client announced in CONNECT. Raise it in the client.',
  },
  'memory limit': {
    cause: 'memory-limit',
    text:
      'The queues of all sessions together were full. Raise queue.total_bytes if there is memory, or look which sessions ' +
      'nobody takes messages of.',
  },
  'not authorized': {
    cause: 'not-authorized-at-delivery',
    text:
      'The client has a subscription that matches them, and no rule that lets it receive them. Add a rule, or have it ' +
      'subscribe to what it may read; access.subscriptions: contained refuses such subscriptions at once.',
  },
  'session ended': {
    cause: 'session-ended',
    text:
      'The session ended with them in its queue: its expiry interval was over, or the client began a clean one. Have the ' +
      'client ask for a longer session expiry, and for no clean start.',
  },
  'store failing': {
    cause: 'store-failing',
    text: 'The store could not be written. Look at the free space and the health of its disk, and at the log of the broker.',
  },
}

export function droppedAdvice(event: Extract<JournalEvent, { kind: 'dropped' }>): Advice {
  return drops[event.why]
}
