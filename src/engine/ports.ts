import type { Reason } from '../packet/reason.ts'
import type { Qos, Version } from '../packet/types.ts'

/** A value now if it is known, a promise only when something outside the process must be asked. */
export type Answer<T> = T | Promise<T>

// ── The network ──────────────────────────────────────────────────────────────────────────────────

export type Transport = 'tcp' | 'tls' | 'ws' | 'wss' | 'unix' | 'memory'

/** Who is at the other end of a network connection. */
export interface Peer {
  readonly transport: Transport
  /** Remote address in text form (the client's, where a proxy said so); empty for unix sockets and memory. */
  readonly address: string
  readonly port: number
  /** The remote end is on this machine: a loopback address, a unix socket or memory. */
  readonly loopback: boolean
  /** What TLS established, or null without TLS. */
  readonly tls: TlsDetails | null
}

export interface TlsDetails {
  readonly protocol: string
  readonly cipher: string
  readonly serverName: string | null
  readonly alpn: string | null
  /** The client's certificate in DER, or null when it sent none. */
  readonly certificate: Buffer | null
  /** The client's certificate verified against the listener's authorities. */
  readonly authorized: boolean
}

/** One network connection as the engine sees it. */
export interface Wire {
  readonly peer: Peer
  /** Takes ownership of `bytes`. Returns false when the receiver is behind: wait for `drained`. Never throws. */
  write(bytes: Buffer): boolean
  /** Stop and start reading. */
  pause(): void
  resume(): void
  /** Sends what was written, then closes; cut off after a short time if the peer does not take it. Idempotent. */
  close(): void
  /** Closes at once. Idempotent. */
  destroy(): void
}

/** What a wire tells the engine. Called synchronously, never after `closed`. */
export interface WireEvents {
  /** The bytes [0, length) of `bytes`, valid only during the call. */
  data(bytes: Buffer, length: number): void
  drained(): void
  /** Exactly once, at the end, whoever closed. `cause` is null for an orderly end. */
  closed(cause: Error | null): void
}

/** The engine's side of a listener. */
export interface Acceptor {
  accept(wire: Wire, rules: ListenerRules): WireEvents
  /** The adapter refused a connection before the engine saw it (limit, handshake, PROXY header…). */
  refused(refusal: Refusal): void
}

export interface Refusal {
  readonly listener: string
  readonly address: string
  /** A constant text, e.g. `connection limit of the listener`. */
  readonly why: string
  readonly detail: string
}

/** What the engine must know of the listener a connection came through. */
export interface ListenerRules {
  /** The name of the listener in the configuration, or its URL. */
  readonly name: string
  /** Milliseconds from accept to a complete CONNECT. */
  readonly connectTimeout: number
  /** Clients without user name, password, certificate and authentication method are let in. */
  readonly allowAnonymous: boolean
}

// ── Who may do what ──────────────────────────────────────────────────────────────────────────────

/** What a client said of itself in CONNECT. */
export interface Credentials {
  readonly clientId: string
  readonly username: string | null
  readonly password: Buffer | null
  readonly version: Version
  readonly listener: string
  /** The listener lets in clients that prove nothing. */
  readonly allowAnonymous: boolean
  readonly peer: Peer
}

/** One client, after authentication. */
export interface Identity {
  readonly name: string
  /** How it was proved: `anonymous`, `password`, `certificate`… */
  readonly method: string
}

/** Answers who a client is; `unknown` passes the question on, `refused` ends it. */
export interface Authenticator {
  authenticate(who: Credentials): Answer<Identity | 'unknown' | 'refused'>
  /** Enhanced authentication [MQTT 4.12] by method name, or null when the method is not known here. */
  begin(method: string, who: Credentials): Exchange | null
}

/** One enhanced-authentication exchange, or re-authentication, of one client. */
export interface Exchange {
  step(data: Buffer | null): Answer<ExchangeStep>
}

export type ExchangeStep =
  | { readonly kind: 'continue'; readonly data: Buffer | null }
  | { readonly kind: 'success'; readonly identity: Identity; readonly data: Buffer | null }
  | { readonly kind: 'failure'; readonly reason: Reason; readonly detail: string }

export type Action = 'publish' | 'subscribe' | 'will'

/** The subject of an authorization decision. */
export interface Client {
  readonly id: string
  readonly identity: Identity
  readonly version: Version
  readonly listener: string
  readonly peer: Peer
}

export interface Authorizer {
  /** `topic` is a topic name, or a topic filter for `subscribe`. */
  decide(client: Client, action: Action, topic: string, qos: Qos, retain: boolean): Answer<Verdict>
}

export interface Verdict {
  readonly allowed: boolean
  /** What decided, for the journal and, where permitted, the reason string. */
  readonly why: string
}

// ── What happened, and why ───────────────────────────────────────────────────────────────────────

/** Told of everything an operator may ask about. Must not block or throw. */
export interface Journal {
  record(event: JournalEvent): void
}

export type JournalEvent =
  | {
      readonly kind: 'connected'
      readonly clientId: string
      readonly listener: string
      readonly address: string
      readonly version: Version
      readonly sessionPresent: boolean
    }
  | {
      readonly kind: 'refused'
      readonly clientId: string
      readonly listener: string
      readonly address: string
      readonly reason: number
      readonly detail: string
    }
  | {
      readonly kind: 'disconnected'
      readonly clientId: string
      readonly listener: string
      readonly address: string
      readonly by: 'client' | 'server' | 'network'
      readonly reason: number
      readonly detail: string
    }
  | {
      readonly kind: 'denied'
      readonly clientId: string
      readonly action: Action
      readonly topic: string
      readonly detail: string
    }
  | {
      readonly kind: 'dropped'
      readonly clientId: string
      readonly topic: string
      readonly qos: Qos
      readonly why: DropReason
    }

export type DropReason =
  | 'receiver behind'
  | 'queue full'
  | 'expired'
  | 'too large for receiver'
  | 'memory limit'
  | 'not authorized'
  | 'session ended'
