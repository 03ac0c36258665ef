import { addressOf, allowsAnonymous, webSocketPath } from './listeners.ts'
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
      name: listener.name ?? listener.url,
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
  const { certificate, key, clientCertificate, minVersion } = tls
  const sni = tls.sni.flatMap((entry) =>
    entry.serverNames.map((name) => ({
      name,
      certificate: entry.certificate,
      key: entry.key,
      chain: entry.chain ?? null,
    })),
  )
  const alpn = tls.alpn ?? null
  return {
    certificate,
    key,
    chain: tls.chain ?? null,
    sni,
    clientCa: tls.clientCa ?? null,
    clientCertificate,
    minVersion,
    alpn,
  }
}
