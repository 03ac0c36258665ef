import type { Config } from './schema.ts'

/** The limits and choices of the engine (its `Settings`, in structure) that a configuration asks for. */
export function settingsOf(config: Config) {
  const { limits, session, queue, retained, features, access } = config
  return {
    ...limits,
    maximumSessionExpiry: session.maximumExpiry,
    maximumSessions: session.maximumSessions,
    maximumSessionsPerIdentity: session.maximumPerIdentity,
    boundSessions: session.bound,
    maximumQos: features.maximumQos,
    retainAvailable: retained.available,
    wildcardSubscriptionAvailable: features.wildcardSubscriptions,
    sharedSubscriptionAvailable: features.sharedSubscriptions,
    subscriptionIdentifierAvailable: features.subscriptionIdentifiers,
    queueMessages: queue.messages,
    queueBytes: queue.bytes,
    queuePolicy: queue.policy,
    queueQos0: queue.qos0,
    queueBytesTotal: queue.totalBytes,
    maximumRetained: retained.maximumMessages,
    maximumRetainedBytes: retained.maximumBytes,
    sysInterval: features.sysInterval,
    responseInformation: features.responseInformation,
    deniedMqtt3: access?.deniedMqtt3 ?? 'disconnect',
    deniedMqtt5: access?.deniedMqtt5 ?? 'answer',
    tellRules: access?.tellRules ?? 'local',
  }
}
