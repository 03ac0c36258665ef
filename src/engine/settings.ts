import type { Qos } from '../packet/types.ts'

/** What happens to the next message when the queue of a session is full. */
export type QueuePolicy = 'drop-oldest' | 'drop-newest' | 'disconnect'

/** What happens to a client over its rate: it is not read from for a while, or disconnected with 0x96. */
export type RatePolicy = 'throttle' | 'disconnect'

/** What an MQTT 3 client meets that publishes what it may not: MQTT 3 has no answer but these. */
export type DeniedMqtt3 = 'disconnect' | 'ignore'

/** What an MQTT 5 client meets that publishes what it may not. */
export type DeniedMqtt5 = 'answer' | 'disconnect'

/** Which clients are told what refused them. */
export type TellRules = 'local' | 'always' | 'never'

/** The limits and choices of a broker. Every field is an option of the configuration (config/schema.ts). */
export interface Settings {
  /** Bytes of the largest packet accepted, fixed header included; announced to MQTT 5 clients. */
  readonly maximumPacketSize: number
  /** Bytes of the largest CONNECT packet: what somebody nobody knows yet may make the broker hold. */
  readonly maximumConnectBytes: number
  /** Bytes and levels of a topic name or filter. */
  readonly maximumTopicBytes: number
  readonly maximumTopicLevels: number
  readonly maximumSubscriptions: number
  readonly maximumFiltersPerSubscribe: number
  readonly maximumUserProperties: number
  /** Bytes of a client identifier. */
  readonly maximumClientIdBytes: number
  /** Inbound PUBLISH packets and bytes per second of one client, 0 for no limit; bursts of one second are allowed. */
  readonly messageRate: number
  readonly byteRate: number
  readonly ratePolicy: RatePolicy
  /** QoS 1 and 2 PUBLISH packets accepted from one MQTT 5 client before it must wait [MQTT 4.9]. */
  readonly receiveMaximum: number
  /**
   * QoS 1 and 2 PUBLISH packets sent to one client and not acknowledged, if the client allows as many. Twice the
   * `receiveMaximum`, because what one publisher may send at a time should not have to go through the queue.
   */
  readonly maximumInflight: number
  /** Bytes of such messages; one more is always sent. */
  readonly maximumInflightBytes: number
  /** Topic aliases accepted from, and used towards, one client. */
  readonly topicAliasMaximum: number
  /** Seconds; a longer keep alive, or none, is replaced by Server Keep Alive for MQTT 5 clients. 0 for no maximum. */
  readonly maximumKeepAlive: number
  /** Seconds; 0xFFFFFFFF for sessions that never expire. MQTT 3 persistent sessions get the maximum. */
  readonly maximumSessionExpiry: number
  /** Sessions in all, connected or not. */
  readonly maximumSessions: number
  /** Sessions of one identity, connected or not; 0 for no limit. */
  readonly maximumSessionsPerIdentity: number
  /** A session belongs to the identity it was made for, and nobody else may have it. */
  readonly boundSessions: boolean
  readonly maximumQos: Qos
  readonly retainAvailable: boolean
  readonly wildcardSubscriptionAvailable: boolean
  readonly sharedSubscriptionAvailable: boolean
  readonly subscriptionIdentifierAvailable: boolean
  /** Limits of the queue of one session. */
  readonly queueMessages: number
  readonly queueBytes: number
  readonly queuePolicy: QueuePolicy
  /** QoS 0 messages are queued for absent sessions too. */
  readonly queueQos0: boolean
  /** Bytes of all queues together. */
  readonly queueBytesTotal: number
  /** Bytes waiting to be sent to one connected client before QoS 0 messages to it are dropped. */
  readonly outboxBytes: number
  /** Seconds a client may take nothing of what it must be sent before it is cut off, 0 for ever. */
  readonly stallTimeout: number
  /** Retained messages in all, and their bytes in all. */
  readonly maximumRetained: number
  readonly maximumRetainedBytes: number
  /** Seconds between publications of the $SYS tree, 0 for none. */
  readonly sysInterval: number
  readonly deniedMqtt3: DeniedMqtt3
  readonly deniedMqtt5: DeniedMqtt5
  /** MQTT 5 clients are told which rule refused them: those on this machine, all, or none. */
  readonly tellRules: TellRules
  /** Text answered to MQTT 5 clients that request response information; empty for none [MQTT 3.2.2.3.15]. */
  readonly responseInformation: string
}

/** What is wrong with settings given by a program, or null: an unknown name, or a number that is no count. */
export function mistakeIn(settings: Partial<Settings>): string | null {
  for (const [name, value] of Object.entries(settings)) {
    if (!Object.hasOwn(defaultSettings, name)) return `there is no setting ${name}`
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0))
      return `${name} must be a whole number, not ${value}`
  }
  return null
}

export const defaultSettings: Settings = {
  maximumPacketSize: 2_097_152,
  maximumConnectBytes: 262_144,
  maximumTopicBytes: 4_096,
  maximumTopicLevels: 128,
  maximumSubscriptions: 1_000_000,
  maximumFiltersPerSubscribe: 1_000,
  maximumUserProperties: 64,
  maximumClientIdBytes: 256,
  messageRate: 0,
  byteRate: 0,
  ratePolicy: 'throttle',
  receiveMaximum: 1_000,
  maximumInflight: 2_000,
  maximumInflightBytes: 16 * 1_048_576,
  topicAliasMaximum: 64,
  maximumKeepAlive: 3_600,
  maximumSessionExpiry: 0xffff_ffff,
  maximumSessions: 1_000_000,
  maximumSessionsPerIdentity: 0,
  boundSessions: true,
  maximumQos: 2,
  retainAvailable: true,
  wildcardSubscriptionAvailable: true,
  sharedSubscriptionAvailable: true,
  subscriptionIdentifierAvailable: true,
  queueMessages: 100_000,
  queueBytes: 64 * 1_048_576,
  queuePolicy: 'drop-oldest',
  queueQos0: false,
  queueBytesTotal: 1_073_741_824,
  outboxBytes: 1_048_576,
  stallTimeout: 60,
  maximumRetained: 1_000_000,
  maximumRetainedBytes: 1_073_741_824,
  sysInterval: 10,
  deniedMqtt3: 'disconnect',
  deniedMqtt5: 'answer',
  tellRules: 'local',
  responseInformation: '',
}
