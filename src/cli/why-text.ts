import type { JournalEntry, StoredEvent } from '../journal/entry.ts'
import { reasonName } from '../packet/reason.ts'
import { adviceFor } from './why-advice.ts'
import type { Advice, AdviceContext } from './why-cause.ts'
import { durationText, harmless, shown, timeText } from './why-words.ts'

/** Entries, oldest first, each on a line, and below them what to change, once for each cause. */
export function entriesText(entries: readonly JournalEntry[], context: AdviceContext): string {
  const lines = entries.map(entryText)
  const advised = new Map<string, Advice>()
  for (const { event } of entries) {
    const advice = adviceFor(event, context)
    // The latest is what one looks at first.
    if (advice !== null) advised.delete(advice.cause)
    if (advice !== null) advised.set(advice.cause, advice)
  }
  if (advised.size === 0) return lines.join('\n')
  const advices = [...advised.values()].reverse().map(adviceText)
  return [...lines, '', 'What to change, the latest first:', ...advices].join('\n')
}

/** What is behind something, and what to change, indented under its name. */
function adviceText({ cause, text }: Advice): string {
  return `  ${cause}: ${text.replaceAll('\n', '\n    ')}`
}

function entryText({ event, first, last, count }: JournalEntry): string {
  const often =
    count === 1 || event.kind === 'others' || event.kind === 'lost'
      ? ''
      : first === last
        ? ` (${count} times)`
        : ` (${count} times since ${timeText(first)})`
  return `${timeText(last)}  ${kindText(event).padEnd(12)}  ${eventText(event, count)}${often}`
}

function kindText(event: StoredEvent): string {
  switch (event.kind) {
    case 'denied':
      return 'not allowed'
    case 'others':
      return 'and others'
    case 'started':
    case 'lost':
      return 'journal'
    default:
      return event.kind
  }
}

/** What happened, in words. */
export function eventText(event: StoredEvent, count: number): string {
  switch (event.kind) {
    case 'connected': {
      const session = event.sessionPresent ? 'its session was there' : 'new session'
      return `${identityText(event.identity, event.method)}${placeText(event)}, MQTT ${versionText(event.version)}, ${session}`
    }
    case 'refused':
      return `${reasonName(event.reason)}: ${harmless(event.detail)}${ruleText(event)}${asText(event.identity)}${placeText(event)}`
    case 'disconnected':
      return `${byText(event)}, after ${durationText(event.duration)}${packetsText(event.lastPackets)}`
    case 'denied':
      return `to ${event.action}${topicText(event.topic)}, QoS ${event.qos}: ${harmless(event.detail)}${ruleText(event)}`
    case 'dropped':
      return `${event.why}: a message of ${event.topic === '' ? 'a topic that is not known any more' : shown(event.topic)}, QoS ${event.qos}`
    case 'unsubscribed':
      return `from ${shown(event.topic)}, which is not allowed any more: ${harmless(event.detail)}${ruleText(event)}`
    case 'others':
      return `${count} more: ${event.of}${event.address === '' ? '' : ` from ${shown(event.address)}`}; they are counted only, so that others have room`
    case 'started':
      return 'the broker was started'
    case 'lost':
      return `${count} entries are lost: the disk did not take them in time`
  }
}

function identityText(identity: string, method: string): string {
  return identity === '' ? method : `as ${shown(identity)} (${shown(method)})`
}

function asText(identity: string): string {
  return identity === '' ? '' : `, as ${shown(identity)}`
}

function placeText({ listener, address }: { readonly listener: string; readonly address: string }): string {
  return `${address === '' ? '' : ` from ${shown(address)}`}${listener === '' ? '' : ` at ${shown(listener)}`}`
}

function topicText(topic: string): string {
  return topic === '' ? '' : ` ${shown(topic)}`
}

/** The place of the rule, where the detail does not say it. */
function ruleText({ rule, detail }: { readonly rule: string; readonly detail: string }): string {
  return rule === '' || detail.includes(rule) ? '' : ` [${shown(rule)}]`
}

function versionText(version: 3 | 4 | 5): string {
  return version === 5 ? '5.0' : version === 4 ? '3.1.1' : '3.1'
}

function byText({ by, reason, detail }: Extract<StoredEvent, { kind: 'disconnected' }>): string {
  const words = detail === '' ? '' : `: ${harmless(detail)}`
  if (by === 'network') return `the connection was lost${words}`
  if (by === 'client') return reason === 0 ? 'by the client, in order' : `by the client, ${reasonName(reason)}${words}`
  return `by the broker, ${reasonName(reason)}${words}`
}

function packetsText(packets: readonly string[]): string {
  return packets.length === 0 ? '' : `; its last packets: ${packets.map(harmless).join(' ')}`
}
