import type { Clock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import { isLoopbackHost } from './config/address.ts'
import type { Authenticator, Authorizer, Client, Identity } from './engine/ports.ts'
import type { Settings } from './engine/settings.ts'
import type { Durability, StoreCondition } from './engine/store-ports.ts'
import type { ListenerOptions } from './listen/options.ts'
import type { UserProperties } from './packet/property.ts'
import type { Qos, Version } from './packet/types.ts'

/** A listener given by its URL, and how it differs from the default. */
export interface ListenRequest
  extends Partial<Omit<ListenerOptions, 'transport' | 'host' | 'port' | 'path' | 'rules'>> {
  /** `mqtt://host:port`, `mqtts://`, `ws://host:port/path`, `wss://` or `unix:/path`; port 0 lets the system choose. */
  readonly url: string
  readonly name?: string
  /** Milliseconds from accept to a complete CONNECT. Default 10,000. */
  readonly connectTimeout?: number
  /** Let in clients that prove nothing. Default: on listeners only this machine can reach. */
  readonly allowAnonymous?: boolean
  /** What must be safe before a client is told that it is. Default: `sync`. */
  readonly durability?: Durability
}

/** What `createBroker` takes. Everything has a default; without `listen` the broker has no port at all. */
export interface BrokerOptions {
  readonly listen?: readonly (string | ListenRequest)[]
  /** The folder where sessions and messages are kept; made when it is not there. Default: they are kept in memory. */
  readonly store?: string
  /** Limits and choices that differ from `defaultSettings`. */
  readonly settings?: Partial<Settings>
  /** Who clients are. Default: everyone is let in where anonymous clients are, nobody elsewhere. */
  readonly authenticator?: Authenticator
  /** What clients may do. Default: everything. */
  readonly authorizer?: Authorizer
  /** Where the broker says what it does. Default: nowhere. */
  readonly log?: Log
  /** Where the time comes from; tests give one of their own. */
  readonly clock?: Clock
}

/** The MQTT 5 properties an application message may carry [MQTT 3.3.2.3]. */
export interface MessageProperties {
  /** 1 when the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Buffer
  /** In order; a name may repeat. */
  readonly userProperties?: UserProperties
}

/** How a message of the embedding program is published. */
export interface PublishOptions extends MessageProperties {
  /** Default 0. */
  readonly qos?: Qos
  /** Default false. */
  readonly retain?: boolean
  /** Seconds until it is delivered to nobody any more. Default: never. */
  readonly messageExpiryInterval?: number
}

/** A message as the embedding program gets it. */
export interface ReceivedMessage {
  readonly topic: string
  /** The program's own copy. */
  readonly payload: Buffer
  readonly qos: Qos
  /** As published; true for a retained message that was there before. */
  readonly retain: boolean
  readonly properties: MessageProperties
  /** Client identifier of the publisher, empty for the broker and the program itself. */
  readonly publisher: string
}

/** A client that is asked about; what is left out is that of a client of this machine. */
export interface ExplainedClient {
  /** Client identifier. */
  readonly id: string
  readonly identity: Identity
  /** Default 5. */
  readonly version?: Version
  /** The name of a listener. Default: none. */
  readonly listener?: string
  /** Remote address. Default: `127.0.0.1`. */
  readonly address?: string
}

/** A client that is asked about, as the rules see one that is there. */
export function clientOf({ id, identity, version = 5, listener = '', address = '127.0.0.1' }: ExplainedClient): Client {
  const loopback = isLoopbackHost(address)
  return { id, identity, version, listener, peer: { transport: 'tcp', address, port: 0, loopback, tls: null } }
}

/** How the store is. */
export interface StoreHealth {
  /** `behind`: publishers wait for the disk. `failing`: nothing can be made safe, and so it is not acknowledged. */
  readonly condition: StoreCondition
  /** What is wrong while it fails, else empty. */
  readonly why: string
}

/** One connected client. */
export interface ConnectedClient {
  readonly id: string
  /** Who it is, and how it proved that. */
  readonly identity: Identity
  readonly version: Version
  readonly listener: string
  /** Remote address, empty for unix sockets and streams. */
  readonly address: string
  /** How many subscriptions its session has. */
  readonly subscriptions: number
  /** How many messages wait in its queue. */
  readonly queued: number
}

/** Where a broker can be reached. */
export interface ListenerAddress {
  /** With the real port: `mqtt://127.0.0.1:1883`. */
  readonly url: string
  /** 0 for unix sockets. */
  readonly port: number
}
