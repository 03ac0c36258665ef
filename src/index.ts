export { openRules } from './access.ts'
export { type Clock, systemClock } from './base/clock.ts'
export type { Counters } from './base/counters.ts'
export { BrokerError, type ErrorCode, errorTable } from './base/errors.ts'
export { jsonLog, type Log, type LogLevel, silentLog } from './base/log.ts'
export { Broker, createBroker } from './broker.ts'
export type { RuleSourceOptions, RulesOptions } from './config/access-options.ts'
export type {
  BrokerOptions,
  ConnectedClient,
  ExplainedClient,
  ListenerAddress,
  ListenRequest,
  MessageProperties,
  PublishOptions,
  ReceivedMessage,
  StoreHealth,
} from './embedding.ts'
export type {
  Action,
  Answer,
  AttributeValue,
  Authentication,
  Authenticator,
  Authorizer,
  CertificateFacts,
  Client,
  Credentials,
  Denial,
  DropReason,
  Exchange,
  ExchangeStep,
  ExplainedRule,
  Explanation,
  Identity,
  JournalEvent,
  ListenerRules,
  PassedRule,
  Peer,
  Permissions,
  TlsDetails,
  Transport,
  Verdict,
} from './engine/ports.ts'
export {
  type DeniedMqtt3,
  type DeniedMqtt5,
  defaultSettings,
  type QueuePolicy,
  type RatePolicy,
  type Settings,
  type TellRules,
} from './engine/settings.ts'
export type { Durability, StoreCondition } from './engine/store-ports.ts'
export type { DatedEvent } from './journal/recent.ts'
export type { Listener } from './listen/listener.ts'
export type {
  CertificateFiles,
  ListenerOptions,
  ListenTransport,
  ProxyProtocol,
  SniCertificate,
  TlsOptions,
  WebSocketOptions,
} from './listen/options.ts'
export type { LocalClient } from './local-client.ts'
export type { UserProperties } from './packet/property.ts'
export { Reason, reasonName } from './packet/reason.ts'
export type { Qos, Version } from './packet/types.ts'
