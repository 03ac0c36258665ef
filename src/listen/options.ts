import type { ListenerRules } from '../engine/ports.ts'

export type ListenTransport = 'tcp' | 'tls' | 'ws' | 'wss' | 'unix'
export type ProxyProtocol = 'off' | 'v1' | 'v2' | 'any'

/** Everything one listener must know. `defaultListener` has a value for each field. */
export interface ListenerOptions {
  readonly transport: ListenTransport
  /** Host name or address without brackets; `::` takes IPv4 and IPv6. Unused for `unix`. */
  readonly host: string
  /** 0 lets the operating system choose. */
  readonly port: number
  /** Path of the unix socket. */
  readonly path: string
  /** Permission bits of the unix socket. */
  readonly mode: number
  readonly rules: ListenerRules
  /** For `tls` and `wss`; null there is the same as `defaultTls`. */
  readonly tls: TlsOptions | null
  readonly websocket: WebSocketOptions
  /** The header a proxy in front must send; connections without it are refused unless `off`. */
  readonly proxyProtocol: ProxyProtocol
  /** Connections of this listener at a time, 0 for no limit. */
  readonly maxConnections: number
  /** Connections from one client address at a time, 0 for no limit. */
  readonly maxConnectionsPerAddress: number
  /** New connections per second, 0 for no limit, and how many may come at once after a pause, 0 for those of a second. */
  readonly connectionRate: number
  readonly connectionBurst: number
  /** Milliseconds for PROXY header, TLS handshake and WebSocket upgrade together. */
  readonly handshakeTimeout: number
}

/** Paths of PEM files. `chain` is null when `certificate` has the intermediate certificates too. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
  readonly chain: string | null
}

export interface TlsOptions {
  /** What is shown to clients that name no server, or an unknown one; null for what the broker makes itself. */
  readonly certificate: string | null
  readonly key: string | null
  readonly chain: string | null
  /** The same with keys of other kinds, such as RSA beside ECDSA: what a client supports decides. */
  readonly alternatives: readonly CertificateFiles[]
  /** Other certificates by server name: `broker.example.org` or `*.example.org`; several of a name are alternatives. */
  readonly sni: readonly SniCertificate[]
  /** PEM files of the authorities client certificates are verified against; none for those of the broker itself. */
  readonly clientCa: readonly string[]
  /** Those the operating system trusts count, too. */
  readonly systemAuthorities: boolean
  readonly clientCertificate: 'none' | 'request' | 'require'
  /**
   * When a certificate that is required must be good. `handshake`: without one of a known authority the connection ends
   * there. `connect`: whoever authenticates the client judges it, and can say what is wrong with it.
   */
  readonly judged: 'handshake' | 'connect'
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Cipher suites in the form of OpenSSL, the preferred first; null for the usual ones. */
  readonly ciphers: string | null
  /** Protocol names selected from what the client offers, in this order; null for those of the transport. */
  readonly alpn: readonly string[] | null
}

export interface SniCertificate extends CertificateFiles {
  readonly name: string
}

export interface WebSocketOptions {
  /** The one path that is answered; a query is ignored. */
  readonly path: string
  /** Values of the Origin header let in; none given lets all in. */
  readonly origins: readonly string[]
  /** Bytes of the largest WebSocket message. */
  readonly maxPayload: number
}

/** A TLS listener that shows the certificate the broker makes itself and asks clients for none. */
export const defaultTls: TlsOptions = {
  certificate: null,
  key: null,
  chain: null,
  alternatives: [],
  sni: [],
  clientCa: [],
  systemAuthorities: false,
  clientCertificate: 'none',
  judged: 'handshake',
  minVersion: 'TLSv1.2',
  ciphers: null,
  alpn: null,
}

export const defaultListener: ListenerOptions = {
  transport: 'tcp',
  host: '127.0.0.1',
  port: 1883,
  path: '',
  mode: 0o660,
  rules: { name: '', connectTimeout: 10_000, allowAnonymous: false, durability: 'sync' },
  tls: null,
  websocket: { path: '/mqtt', origins: [], maxPayload: 2_097_152 + 65_536 },
  proxyProtocol: 'off',
  maxConnections: 0,
  maxConnectionsPerAddress: 0,
  connectionRate: 0,
  connectionBurst: 0,
  handshakeTimeout: 10_000,
}
