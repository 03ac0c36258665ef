import type { JournalEvent } from '../engine/ports.ts'
import type { StoredEvent } from './entry.ts'

/** True when the events differ in nothing an operator would ask about, but for their time. */
export function isSame(a: StoredEvent, b: JournalEvent): boolean {
  switch (b.kind) {
    case 'connected':
      return (
        a.kind === 'connected' &&
        isOfSame(a, b) &&
        isFromSame(a, b) &&
        a.method === b.method &&
        a.version === b.version &&
        a.sessionPresent === b.sessionPresent
      )
    case 'refused':
      return a.kind === 'refused' && isOfSame(a, b) && isFromSame(a, b) && a.reason === b.reason && isDueToSame(a, b)
    case 'disconnected':
      return (
        a.kind === 'disconnected' &&
        isOfSame(a, b) &&
        isFromSame(a, b) &&
        a.by === b.by &&
        a.reason === b.reason &&
        a.detail === b.detail
      )
    case 'denied':
      return (
        a.kind === 'denied' &&
        isOfSame(a, b) &&
        isFromSame(a, b) &&
        a.action === b.action &&
        a.topic === b.topic &&
        a.qos === b.qos &&
        isDueToSame(a, b)
      )
    case 'dropped':
      return a.kind === 'dropped' && isOfSame(a, b) && a.topic === b.topic && a.qos === b.qos && a.why === b.why
    case 'unsubscribed':
      return a.kind === 'unsubscribed' && isOfSame(a, b) && a.topic === b.topic && isDueToSame(a, b)
  }
}

interface Who {
  readonly clientId: string
  readonly identity: string
}

function isOfSame(a: Who, b: Who): boolean {
  return a.clientId === b.clientId && a.identity === b.identity
}

interface Place {
  readonly listener: string
  readonly address: string
}

function isFromSame(a: Place, b: Place): boolean {
  return a.listener === b.listener && a.address === b.address
}

interface Cause {
  readonly detail: string
  readonly rule: string
}

function isDueToSame(a: Cause, b: Cause): boolean {
  return a.detail === b.detail && a.rule === b.rule
}
