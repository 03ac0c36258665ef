import { BrokerError } from '../base/errors.ts'
import { isLoopback, type ListenAddress, parseListenAddress } from './address.ts'
import { authenticatorsOf } from './authenticators.ts'
import type { Problem } from './problem.ts'
import type { Config, ListenerConfig } from './schema.ts'

/** The listeners of a broker that was told of none: on this machine only. */
export const defaultListenerUrls: readonly string[] = [
  'mqtt://127.0.0.1:1883',
  'mqtt://[::1]:1883',
  'ws://127.0.0.1:8083/mqtt',
  'ws://[::1]:8083/mqtt',
]

/** No listener was configured, so loading chose those on loopback. */
export function hasDefaultListeners(config: Config): boolean {
  return (
    config.listeners.length === defaultListenerUrls.length &&
    config.listeners.every((listener, index) => listener.url === defaultListenerUrls[index])
  )
}

const defaultWebSocketPath = '/mqtt'

/** The address of a listener of a valid configuration. */
export function addressOf(listener: ListenerConfig): ListenAddress {
  const address = parseListenAddress(listener.url)
  if (typeof address === 'string') throw new BrokerError('CONFIG_INVALID', address)
  return address
}

/** What logs, the journal and others call a listener. */
export function listenerName(listener: ListenerConfig): string {
  return listener.name ?? listener.url
}

/** The path WebSocket clients of a listener must ask for. */
export function webSocketPath(listener: ListenerConfig): string {
  const address = addressOf(listener)
  return listener.websocket?.path ?? address.path ?? defaultWebSocketPath
}

/** Clients that prove nothing about themselves are let in by this listener. */
export function allowsAnonymous(config: Config, listener: ListenerConfig): boolean {
  const open = isLoopback(addressOf(listener)) && authenticatorsOf(config, listener).length === 0
  return listener.allowAnonymous ?? (open || config.allowAnonymous)
}

/**
 * Throws ANONYMOUS_NOT_LOOPBACK when other machines can reach a listener and nothing asks who they are, and
 * ACCESS_NOT_CONFIGURED when nothing says what they may do, unless somebody said that this is meant.
 */
export function refuseUnprotected(config: Config): void {
  for (const listener of config.listeners) {
    if (isLoopback(addressOf(listener)) || allowsAnonymous(config, listener)) continue
    if (authenticatorsOf(config, listener).length > 0) {
      if (config.access !== undefined) continue
      throw new BrokerError(
        'ACCESS_NOT_CONFIGURED',
        `${listener.url} can be reached from other machines and nothing says what clients may do: add rules in the section ` +
          '"access", or say "access: { otherwise: allow }" if everyone who is let in may do everything',
      )
    }
    throw new BrokerError(
      'ANONYMOUS_NOT_LOOPBACK',
      `${listener.url} can be reached from other machines and nothing asks clients who they are: ` +
        'give it authenticators, listen on 127.0.0.1, or say --allow-anonymous (allow_anonymous: true) if that is meant',
    )
  }
}

/** What is wrong with the listeners beyond the form of each value; null stands for one whose form is wrong already. */
export function checkListeners(listeners: readonly (ListenerConfig | null)[]): Problem[] {
  const problems: Problem[] = []
  const first = new Map<string, number>()
  const names = new Map<string, ListenerConfig>()
  listeners.forEach((listener, index) => {
    if (listener === null) return
    const path = ['listeners', index]
    const address = addressOf(listener)
    for (const { option, message } of mismatches(listener, address)) {
      problems.push({ path: [...path, option], key: null, message })
    }
    const place = placeOf(address)
    const earlier = first.get(place)
    if (earlier !== undefined && !isFreePort(address)) {
      problems.push({ path: [...path, 'url'], key: null, message: `is the same address as listeners[${earlier}]` })
    }
    first.set(place, index)
    const namesake = names.get(listenerName(listener))
    // Who is asked about a client is found by the name of its listener.
    if (namesake !== undefined && JSON.stringify(namesake) !== JSON.stringify(listener)) {
      const message = `has the name of another, "${listenerName(listener)}": give it one of its own`
      problems.push({ path, key: null, message })
    }
    names.set(listenerName(listener), listener)
  })
  return problems
}

function mismatches(listener: ListenerConfig, address: ListenAddress): { option: string; message: string }[] {
  const found: { option: string; message: string }[] = []
  const secure = address.transport === 'tls' || address.transport === 'wss'
  const web = address.transport === 'ws' || address.transport === 'wss'
  if (!secure && listener.tls !== undefined)
    found.push({ option: 'tls', message: 'is for mqtts:// and wss:// listeners only' })
  const half = halfCertificate(listener)
  if (half !== null) found.push({ option: 'tls', message: half })
  if (!web && listener.websocket !== undefined)
    found.push({ option: 'websocket', message: 'is for ws:// and wss:// listeners only' })
  const asked = listener.websocket?.path
  if (asked !== undefined && !asked.startsWith('/'))
    found.push({ option: 'websocket', message: 'path must begin with /' })
  if (web && asked !== undefined && address.path !== null && address.path !== asked) {
    found.push({ option: 'websocket', message: `path is ${asked}, but the URL says ${address.path}` })
  }
  return found
}

/** What is missing beside a certificate, or beside a key. */
function halfCertificate({ tls }: ListenerConfig): string | null {
  if (tls === undefined) return null
  const { certificate, key, chain } = tls
  if (certificate !== undefined && key === undefined) return 'needs a "key" for its certificate'
  if (certificate !== undefined) return null
  if (key !== undefined) return 'needs a "certificate" for its key'
  const rest = chain !== undefined ? 'chain' : tls.alternatives.length > 0 ? 'alternatives' : null
  return rest === null ? null : `needs "certificate" and "key" beside "${rest}"`
}

function placeOf(address: ListenAddress): string {
  return address.transport === 'unix' ? address.path : `${address.host}:${address.port}`
}

function isFreePort(address: ListenAddress): boolean {
  return address.transport !== 'unix' && address.port === 0
}
