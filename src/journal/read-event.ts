import type { Action, DropReason, JournalEvent } from '../engine/ports.ts'
import type { Qos, Version } from '../packet/types.ts'
import type { StoredEvent } from './entry.ts'

type Fields = Readonly<Record<string, unknown>>

/** The event in the fields of a line, or null for one that a later version knows. What is missing is empty. */
export function readEvent(fields: Fields, count: number): StoredEvent | null {
  const { kind } = fields
  switch (kind) {
    case 'started':
    case 'lost':
      return { kind }
    case 'others':
      return isKind(fields.of)
        ? { kind, of: fields.of, clientId: text(fields.clientId), address: text(fields.address) }
        : null
    case 'connected':
      return {
        kind,
        ...who(fields),
        ...place(fields),
        method: text(fields.method),
        version: version(fields.version),
        sessionPresent: fields.sessionPresent === true,
      }
    case 'refused':
      return { kind, ...who(fields), ...place(fields), reason: number(fields.reason), ...cause(fields) }
    default:
      return readOther(fields, count)
  }
}

function readOther(fields: Fields, count: number): StoredEvent | null {
  const { kind, action, why, by } = fields
  const about = { topic: text(fields.topic), qos: qos(fields.qos) }
  if (kind === 'disconnected' && isSide(by))
    return {
      kind,
      ...who(fields),
      ...place(fields),
      by,
      reason: number(fields.reason),
      detail: text(fields.detail),
      lastPackets: texts(fields.lastPackets),
      duration: number(fields.duration),
    }
  if (kind === 'denied' && isAction(action))
    return { kind, ...who(fields), ...place(fields), action, ...about, ...cause(fields) }
  if (kind === 'dropped' && isDropReason(why)) return { kind, ...who(fields), ...about, why, count }
  if (kind === 'unsubscribed') return { kind, ...who(fields), topic: about.topic, ...cause(fields) }
  return null
}

function who({ clientId, identity }: Fields) {
  return { clientId: text(clientId), identity: text(identity) }
}

function place({ listener, address }: Fields) {
  return { listener: text(listener), address: text(address) }
}

function cause({ detail, rule }: Fields) {
  return { detail: text(detail), rule: text(rule) }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(text) : []
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function version(value: unknown): Version {
  return value === 3 || value === 4 ? value : 5
}

function qos(value: unknown): Qos {
  return value === 1 || value === 2 ? value : 0
}

function isSide(value: unknown): value is 'client' | 'server' | 'network' {
  return value === 'client' || value === 'server' || value === 'network'
}

const eventKinds: readonly JournalEvent['kind'][] = [
  'connected',
  'disconnected',
  'refused',
  'denied',
  'dropped',
  'unsubscribed',
]

function isKind(value: unknown): value is JournalEvent['kind'] {
  return eventKinds.some((kind) => kind === value)
}

const actions: Readonly<Record<Action, true>> = {
  connect: true,
  publish: true,
  subscribe: true,
  receive: true,
  will: true,
}

function isAction(value: unknown): value is Action {
  return typeof value === 'string' && Object.hasOwn(actions, value)
}

const dropReasons: Readonly<Record<DropReason, true>> = {
  'receiver behind': true,
  'queue full': true,
  expired: true,
  'too large for receiver': true,
  'memory limit': true,
  'not authorized': true,
  'session ended': true,
  'store failing': true,
}

function isDropReason(value: unknown): value is DropReason {
  return typeof value === 'string' && Object.hasOwn(dropReasons, value)
}
