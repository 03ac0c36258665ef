import type { JournalEvent } from '../engine/ports.ts'

/** Characters kept of a text; clients may choose topics and names of up to 64 KiB. */
const maximumText = 256
const keptOfLong = 220
const maximumPackets = 16

/** The event with no text that is long: the same object when there was none. */
export function boundedEvent(event: JournalEvent): JournalEvent {
  return isBounded(event) ? event : cutEvent(event)
}

/** The text itself, or its beginning with how long it was. */
export function boundedText(text: string): string {
  if (text.length <= maximumText) return text
  // A slice would keep the whole text in memory.
  return `${Buffer.from(text.slice(0, keptOfLong)).toString()}… (${text.length} characters)`
}

function isBounded(event: JournalEvent): boolean {
  if (event.clientId.length > maximumText || event.identity.length > maximumText) return false
  switch (event.kind) {
    case 'connected':
      return event.method.length <= maximumText && event.listener.length <= maximumText && isShort(event.address)
    case 'refused':
      return isShort(event.detail) && isShort(event.rule) && isShort(event.listener) && isShort(event.address)
    case 'disconnected':
      return isShort(event.detail) && isShort(event.listener) && event.lastPackets.length <= maximumPackets
    case 'denied':
      return isShort(event.topic) && isShort(event.detail) && isShort(event.rule) && isShort(event.listener)
    case 'dropped':
      return isShort(event.topic)
    case 'unsubscribed':
      return isShort(event.topic) && isShort(event.detail) && isShort(event.rule)
  }
}

function isShort(text: string): boolean {
  return text.length <= maximumText
}

function cutEvent(event: JournalEvent): JournalEvent {
  const who = { clientId: boundedText(event.clientId), identity: boundedText(event.identity) }
  switch (event.kind) {
    case 'connected':
      return { ...event, ...who, ...placeOf(event), method: boundedText(event.method) }
    case 'refused':
      return { ...event, ...who, ...placeOf(event), ...causeOf(event) }
    case 'disconnected': {
      const lastPackets = event.lastPackets.slice(-maximumPackets).map(boundedText)
      return { ...event, ...who, ...placeOf(event), detail: boundedText(event.detail), lastPackets }
    }
    case 'denied':
      return { ...event, ...who, ...placeOf(event), ...causeOf(event), topic: boundedText(event.topic) }
    case 'dropped':
      return { ...event, ...who, topic: boundedText(event.topic) }
    case 'unsubscribed':
      return { ...event, ...who, ...causeOf(event), topic: boundedText(event.topic) }
  }
}

function placeOf({ listener, address }: { readonly listener: string; readonly address: string }) {
  return { listener: boundedText(listener), address: boundedText(address) }
}

function causeOf({ detail, rule }: { readonly detail: string; readonly rule: string }) {
  return { detail: boundedText(detail), rule: boundedText(rule) }
}
