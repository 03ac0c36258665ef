import { addressOf, allowsAnonymous, listenerName, webSocketPath } from './listeners.ts'
import type { Config, ListenerConfig } from './schema.ts'

const everyAddress = '::'

/** Room for WebSocket messages that carry the end of one packet and the beginning of the next. */
export const messageMargin = 65_536

/** The listeners a configuration asks for, in the structure the adapters of the network take. */
export function listenerOptionsOf(config: Config) {
  return config.listeners.map((listener) => optionsOf(config, listener))
}

function optionsOf(config: Config, listener: ListenerConfig) {
  const { mode, proxyProtocol, maxConnections, maxConnectionsPerAddress, handshakeTimeout, connectTimeout } = listener
  return {
    ...placeOf(listener),
    mode,
    rules: {
      name: listenerName(listener),
      connectTimeout,
      allowAnonymous: allowsAnonymous(config, listener),
      durability: listener.durability ?? config.store.durability,
    },
    tls: tlsOf(listener),
    websocket: {
      path: webSocketPath(listener),
      origins: listener.websocket?.origins ?? [],
      maxPayload: config.limits.maximumPacketSize + messageMargin,
    },
    proxyProtocol,
    maxConnections,
    maxConnectionsPerAddress,
    connectionRate: listener.connectionRate.perSecond,
    connectionBurst: listener.connectionRate.burst,
    handshakeTimeout,
  }
}

function placeOf(listener: ListenerConfig) {
  const address = addressOf(listener)
  if (address.transport === 'unix') return { transport: address.transport, host: '', port: 0, path: address.path }
  const { transport, host, port } = address
  return { transport, host: host === '' ? everyAddress : host, port, path: '' }
}

function tlsOf({ tls }: ListenerConfig) {
  if (tls === undefined) return null
  const { clientCa, systemAuthorities, clientCertificate, minVersion } = tls
  return {
    certificate: tls.certificate ?? null,
    key: tls.key ?? null,
    chain: tls.chain ?? null,
    alternatives: tls.alternatives.map(filesOf),
    sni: tls.sni.flatMap((entry) => entry.serverNames.map((name) => ({ name, ...filesOf(entry) }))),
    clientCa,
    systemAuthorities,
    clientCertificate,
    // The configuration gives every listener somebody who judges.
    judged: 'connect' as const,
    minVersion,
    ciphers: tls.ciphers ?? null,
    alpn: tls.alpn ?? null,
  }
}

interface PairConfig {
  readonly certificate: string
  readonly key: string
  readonly chain?: string
}

function filesOf({ certificate, key, chain = undefined }: PairConfig) {
  return { certificate, key, chain: chain ?? null }
}
