import type { Reason } from '../packet/reason.ts'
import type { Qos, Version } from '../packet/types.ts'
import type { Durability } from './store-ports.ts'

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
  /** The client's certificate and those it sent to prove it, in DER, its own first; empty when it sent none. */
  readonly certificates: readonly Buffer[]
  /** The client's certificate verified against the listener's authorities. */
  readonly authorized: boolean
  /** Why it did not, as a code of OpenSSL such as `CERT_HAS_EXPIRED`; null when it did, or there is none. */
  readonly failure: string | null
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
  /** What must be safe before a client of this listener is told that it is. */
  readonly durability: Durability
}

// ── Who may do what ──────────────────────────────────────────────────────────────────────────────

/** What a client said of itself in CONNECT. */
export interface Credentials {
  readonly clientId: string
  /** The client gave no identifier, and this one was made up for it. */
  readonly assigned?: boolean
  readonly username: string | null
  readonly password: Buffer | null
  readonly version: Version
  readonly listener: string
  /** The listener lets in clients that prove nothing. */
  readonly allowAnonymous: boolean
  readonly peer: Peer
}

export type AttributeValue = string | number | readonly string[]

/** One client, after authentication, however it proved who it is. What is not given, nobody said. */
export interface Identity {
  readonly name: string
  /** How it was proved: `anonymous`, `password`, `certificate`, `token`, `http`, `scram`, or a word of an embedder. */
  readonly method: string
  /** Facts about the client by name. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  /** Topic filters that whoever vouches for the client says it may use, such as the claims of a token. */
  readonly permissions?: Permissions
  /** The certificate the client proved to have. */
  readonly certificate?: CertificateFacts
  /** Wall-clock milliseconds since 1970 at which the proof ends, and with it the connection. */
  readonly expiresAt?: number
  /** Patterns of the client identifiers it may use, in place of what the broker says for everyone. */
  readonly clientIds?: readonly string[]
  /** Sessions it may have at a time, connected or not, in place of what the broker says for everyone. */
  readonly maximumSessions?: number
  /** In place of what the listener says. */
  readonly durability?: Durability
}

/** Topic filters that came with the proof of an identity. */
export interface Permissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** What a certificate says [RFC 5280]. */
export interface CertificateFacts {
  /** The subject in the form of RFC 4514, such as `CN=pump-7,O=Example`. */
  readonly subject: string
  /** The common names of the subject, most specific first. */
  readonly commonNames: readonly string[]
  readonly dns: readonly string[]
  readonly uris: readonly string[]
  /** In the text form of RFC 5952 for IPv6. */
  readonly addresses: readonly string[]
  readonly emails: readonly string[]
  readonly issuer: string
  /** Hexadecimal, lower case, without leading zeros. */
  readonly serial: string
  /** Hexadecimal, lower case. */
  readonly sha1: string
  readonly sha256: string
  /** Wall-clock milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

/** Why a client is not let in, or may not stay. */
export interface Denial {
  readonly reason: Reason
  /** The exact cause, for the log and the journal. */
  readonly detail: string
  /** What the client is told, where that does not help somebody who guesses; else it learns no more than the reason. */
  readonly told?: string
}

/** What an authenticator answers: `unknown` passes the question on to the next, a denial or `refused` ends it. */
export type Authentication = Identity | Denial | 'unknown' | 'refused'

/** Answers who a client is. */
export interface Authenticator {
  authenticate(who: Credentials): Answer<Authentication>
  /** Enhanced authentication [MQTT 4.12] by method name, or null when the method is not known here. */
  begin(method: string, who: Credentials): Exchange | null
  /**
   * Why a client that was let in may not stay, or null. Asked for every client after `changed` was called, so it must
   * answer from memory.
   */
  review?(client: Client): Denial | null
  /** `changed` is to be called whenever a review may come out differently. */
  watch?(changed: () => void): void
  /** Lets go of files, connections and timers. */
  close?(): Promise<void>
}

/** One enhanced-authentication exchange, or re-authentication, of one client. */
export interface Exchange {
  /** Who the client says it is in the data it sends first, where that shows before anything is proved; else null. */
  claimed?(data: Buffer | null): string | null
  step(data: Buffer | null): Answer<ExchangeStep>
  /** The client left before the end. */
  close?(): void
}

export type ExchangeStep =
  | { readonly kind: 'continue'; readonly data: Buffer | null }
  | { readonly kind: 'success'; readonly identity: Identity; readonly data: Buffer | null }
  | ({ readonly kind: 'failure' } & Denial)
  /** In answer to the first data only: the next authenticator that knows the method is asked. */
  | { readonly kind: 'unknown'; readonly detail: string }

/** What a client wants to do: `receive` is to be given one message, `will` to have one published when it is lost. */
export type Action = 'connect' | 'publish' | 'subscribe' | 'receive' | 'will'

/** The subject of an authorization decision. */
export interface Client {
  readonly id: string
  readonly identity: Identity
  readonly version: Version
  readonly listener: string
  readonly peer: Peer
}

/** Decides what clients may do. */
export interface Authorizer {
  /**
   * `topic` is a topic name, for `subscribe` a topic filter without its share, for `connect` empty. `qos` and `retain` are
   * those of what the client sends; for `receive` they mean nothing. Decisions about `receive` are made in the middle of a
   * delivery and must be there at once.
   */
  decide(client: Client, action: Action, topic: string, qos: Qos, retain: boolean): Answer<Verdict>
  /**
   * `changed` is to be called whenever a decision may come out differently. An authorizer that has this method is asked
   * about `connect` and `receive`, too, and its decisions are remembered until then; one that has not is asked every time
   * somebody publishes or subscribes, and about nothing else.
   */
  watch?(changed: () => void): void
  /** Says how the decision comes about that `decide` makes. */
  explain?(client: Client, action: Action, topic: string, qos: Qos, retain: boolean): Promise<Explanation>
  /** Lets go of files, connections and timers. */
  close?(): Promise<void>
}

/** How a decision came about. */
export interface Explanation {
  readonly allowed: boolean
  /** What decided, as in the verdict. */
  readonly why: string
  /** The rule that decided, null where none did. */
  readonly rule: ExplainedRule | null
  /** Rules before it that are about the client, the action or the topic, in order, and why they did not decide. */
  readonly before: readonly PassedRule[]
  /** How many rules came before it in all. */
  readonly beforeCount: number
  /** Of a denial: the rule that came nearest to allowing it, and what was missing. */
  readonly nearest: PassedRule | null
}

export interface ExplainedRule {
  /** The rule in the words of its source. */
  readonly text: string
  /** Where it is written, such as `acl.txt:12`. */
  readonly place: string
  /** Its topic filter with the values of this client in place of variables; empty for a rule about no topic. */
  readonly filter: string
}

export interface PassedRule {
  readonly rule: ExplainedRule
  readonly why: string
}

/** A decision. */
export interface Verdict {
  readonly allowed: boolean
  /** What decided, and where that is written: for the log, the journal and, where permitted, the reason string. */
  readonly why: string
  /** The place of the rule that decided, such as `acl.txt:12`; left out where none did. */
  readonly rule?: string
  /** The decision holds for this time only, and is not to be remembered. */
  readonly passing?: boolean
  /** For `subscribe`: the client may receive everything the filter matches, so deliveries need not be looked at. */
  readonly whole?: boolean
  /** For `subscribe`: how many sessions may have a subscription that matches all that this one matches. */
  readonly maximumSubscribers?: number
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
      /** The name of the client's identity, and how it was proved. */
      readonly identity: string
      readonly method: string
      readonly listener: string
      readonly address: string
      readonly version: Version
      readonly sessionPresent: boolean
    }
  /** A connection that never became that of a client; what is not known of it is empty. */
  | {
      readonly kind: 'refused'
      readonly clientId: string
      /** The name it had proved by then, or had given as user name. */
      readonly identity: string
      readonly listener: string
      readonly address: string
      readonly reason: number
      readonly detail: string
      /** The place of the rule that refused it, such as `acl.txt:12`; empty where none did. */
      readonly rule: string
    }
  | {
      readonly kind: 'disconnected'
      readonly clientId: string
      readonly identity: string
      readonly listener: string
      readonly address: string
      readonly by: 'client' | 'server' | 'network'
      readonly reason: number
      readonly detail: string
      /** The types of the last packets the client sent, oldest first. */
      readonly lastPackets: readonly string[]
      /** Milliseconds it was connected. */
      readonly duration: number
    }
  | {
      readonly kind: 'denied'
      readonly clientId: string
      readonly identity: string
      readonly listener: string
      readonly address: string
      readonly action: Action
      readonly topic: string
      readonly qos: Qos
      readonly detail: string
      readonly rule: string
    }
  /** Messages for a session that did not reach its client. */
  | {
      readonly kind: 'dropped'
      readonly clientId: string
      readonly identity: string
      readonly topic: string
      readonly qos: Qos
      readonly why: DropReason
      readonly count: number
    }
  /** A subscription that the rules do not allow any more. */
  | {
      readonly kind: 'unsubscribed'
      readonly clientId: string
      readonly identity: string
      readonly topic: string
      readonly detail: string
      readonly rule: string
    }

export type DropReason =
  | 'receiver behind'
  | 'queue full'
  | 'expired'
  | 'too large for receiver'
  | 'memory limit'
  | 'not authorized'
  | 'session ended'
  | 'store failing'
