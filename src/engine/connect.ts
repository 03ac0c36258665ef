import { randomBytes } from 'node:crypto'
import { type Connect, decodeConnect, type Will as WillRequest } from '../packet/decode-connect.ts'
import { encodeConnack, type ServerProperties } from '../packet/encode.ts'
import { encodePassedProperties } from '../packet/passed-properties.ts'
import { Reason } from '../packet/reason.ts'
import { isTextPayload } from '../packet/text.ts'
import { isReserved } from '../topic/filter.ts'
import { type Connection, Phase } from './connection.ts'
import { beginExchange } from './exchange.ts'
import { endOf, principalOf, refusedSession } from './identity.ts'
import { anySize } from './outbox.ts'
import type { Answer, Authentication, Credentials, Identity, Verdict } from './ports.ts'
import { SendQuota } from './send-quota.ts'
import type { Session } from './session.ts'
import { forever } from './sessions.ts'
import { Will } from './will.ts'

/** Serves a CONNECT packet [MQTT 3.1.4]: checks it, finds out who it is, and opens or resumes the session. */
export function connect(connection: Connection, bytes: Buffer, start: number, end: number): void {
  const { settings, closing } = connection.core
  const packet = decodeConnect(bytes, start, end, settings.maximumUserProperties)
  if ('fault' in packet) {
    connection.protocol = packet.version
    return connection.fail(packet.fault, packet.detail)
  }
  connection.protocol = packet.version
  connection.problemInformation = packet.properties.requestProblemInformation !== 0
  suit(connection, packet)
  if (closing) return connection.fail(Reason.ServerShuttingDown, 'the broker is closing')
  const wrong = refusal(connection, packet)
  if (wrong !== null) return connection.fail(wrong[0], wrong[1])
  connection.userName = packet.username ?? ''
  connection.assigned = packet.clientId === ''
  connection.id = connection.assigned ? `auto-${randomBytes(12).toString('hex')}` : packet.clientId
  authenticate(connection, packet)
}

function suit({ core, outbox }: Connection, { version, properties }: Connect): void {
  const aliases = Math.min(properties.topicAliasMaximum ?? 0, core.settings.topicAliasMaximum)
  outbox.suit(version, properties.maximumPacketSize ?? anySize, aliases)
}

/** What is wrong with a CONNECT that is well-formed. */
function refusal(connection: Connection, packet: Connect): readonly [Reason, string] | null {
  const { settings, sessions } = connection.core
  if (packet.clientId === '' && packet.version !== 5 && !(packet.version === 4 && packet.cleanStart)) {
    return [Reason.ClientIdentifierNotValid, 'an empty client identifier with a session to keep'] // [MQTT3-3.1.3-8]
  }
  if (Buffer.byteLength(packet.clientId) > settings.maximumClientIdBytes) {
    return [Reason.ClientIdentifierNotValid, `a client identifier of over ${settings.maximumClientIdBytes} bytes`]
  }
  if (sessions.size >= settings.maximumSessions && sessions.get(packet.clientId) === null) {
    return [Reason.QuotaExceeded, 'the broker has as many sessions as it may have']
  }
  return packet.will === null ? null : refusedWill(connection, packet.will)
}

function refusedWill(connection: Connection, will: WillRequest): readonly [Reason, string] | null {
  const { settings, names } = connection.core
  if (will.qos > settings.maximumQos) return [Reason.QosNotSupported, 'the QoS of the will'] // [MQTT-3.2.2-12]
  if (will.retain && !settings.retainAvailable) return [Reason.RetainNotSupported, 'the will is to be retained'] // [MQTT-3.2.2-13]
  if (isReserved(will.topic)) return [Reason.NotAuthorized, 'topics under $SYS belong to the broker']
  if (!names.of(will.topic)?.valid) return [Reason.TopicNameInvalid, 'the will topic']
  const { responseTopic, payloadFormatIndicator } = will.properties
  if (responseTopic !== undefined && !names.of(responseTopic)?.valid)
    return [Reason.ProtocolError, 'the response topic of the will']
  if (payloadFormatIndicator === 1 && !isTextPayload(will.payload))
    return [Reason.PayloadFormatInvalid, 'the will is not UTF-8']
  return null
}

function authenticate(connection: Connection, packet: Connect): void {
  const { core, peer, listener, id, version } = connection
  const who: Credentials = {
    clientId: id,
    assigned: connection.assigned,
    username: packet.username,
    password: packet.password,
    version,
    listener,
    allowAnonymous: connection.rules.allowAnonymous,
    peer,
  }
  const method = packet.properties.authenticationMethod
  if (method !== undefined) {
    connection.phase = Phase.Authenticating
    connection.authenticationMethod = method
    return beginExchange(connection, who, packet.properties.authenticationData ?? null, (identity, data) => {
      admit(connection, packet, identity, {
        authenticationMethod: method,
        ...(data === null ? {} : { authenticationData: data }),
      })
    })
  }
  connection.identityChanges = core.identityChanges
  const answer = core.authenticator.authenticate(who)
  const decide = (result: Authentication) => {
    if (typeof result === 'object')
      return 'reason' in result ? connection.deny(result) : admit(connection, packet, result, {})
    if (packet.username === null && packet.password === null)
      return connection.fail(Reason.NotAuthorized, 'anonymous clients are not let in here')
    const why = result === 'unknown' ? 'nobody knows these credentials' : 'the credentials are refused'
    connection.fail(Reason.BadUserNameOrPassword, why, '')
  }
  if (answer instanceof Promise) connection.wait(answer, decide)
  else decide(answer)
}

/** The client is who it says. May it connect, and may it have the will it has? */
function admit(connection: Connection, packet: Connect, identity: Identity, properties: ServerProperties): void {
  connection.identify(identity)
  if (connection.closed) return
  const { access } = connection.core
  const { actor } = connection
  const { will } = packet
  ask(connection, access.connect(actor), 'connecting', () => {
    if (will === null) return open(connection, packet, properties)
    const answer = access.will(actor, will.topic, will.qos, will.retain)
    ask(connection, answer, `the will to ${will.topic}`, () => open(connection, packet, properties))
  })
}

/** Goes on when the rules allow it, now or when they have answered. */
function ask(connection: Connection, answer: Answer<Verdict>, what: string, allowed: () => void): void {
  const decide = (verdict: Verdict) => (verdict.allowed ? allowed() : connection.forbid(what, verdict))
  if (answer instanceof Promise) connection.wait(answer, decide)
  else decide(answer)
}

/** Takes over, resumes or makes the session and says so with CONNACK, before anything else is sent [MQTT-3.2.0-1]. */
function open(connection: Connection, packet: Connect, properties: ServerProperties): void {
  const { core, id } = connection
  const found = core.sessions.get(id)
  const denial = refusedSession(core, found, connection.identity)
  if (denial !== null) return connection.deny(denial)
  const expiryInterval = expiryOf(packet, core.settings.maximumSessionExpiry)
  const keepAlive = keepAliveOf(packet, core.settings.maximumKeepAlive)
  const told =
    packet.version === 5 ? { ...announcement(connection, packet, expiryInterval, keepAlive), ...properties } : {}
  const maximum = connection.outbox.maximumPacketSize
  if (maximum < anySize && encodeConnack(packet.version, false, Reason.Success, told, maximum).length > maximum) {
    return connection.fail(
      Reason.PacketTooLarge,
      `CONNACK is over the maximum packet size of the client, ${maximum} bytes`,
    )
  }
  // The old connection is told before the new one is answered, so that it never sees the new one's messages.
  found?.owner?.takenOver()
  const before = found === null ? null : core.sessions.get(id)
  const present = before !== null && !packet.cleanStart
  const safe = present && core.commits.reached(connection.durability) >= before.since
  const changing = expiryInterval > 0 || before?.kept === true || packet.will !== null
  if (core.store.condition === 'failing' && (safe ? core.store.full : changing))
    return connection.fail(Reason.ServerUnavailable, `the store fails: ${core.commits.trouble}`)
  const changes = core.store.changes
  if (before !== null && packet.cleanStart) core.sessions.end(before) // [MQTT-3.1.2-4]
  const principal = principalOf(connection.identity)
  const session = present ? before : core.sessions.create(id, principal, expiryInterval)
  session.expiryInterval = expiryInterval
  session.owner = connection
  const same = connection.become(session)
  core.sessions.arrived(session, principal, packet.will === null ? null : willOf(connection, session, packet.will))
  connection.session = session
  const welcomed = () => {
    welcome(connection, session, packet, keepAlive, present, told)
    if (!same && connection.session === session) core.accessReviews.session(session)
  }
  // While the disk keeps everyone waiting, a client whose session it has need not.
  const waits = core.store.changes !== changes && !(safe && core.store.condition !== 'ok')
  if (!waits || core.commits.frontier(connection.durability) === 0) welcomed()
  else connection.wait(core.commits.safe(connection.durability), welcomed)
}

function welcome(
  connection: Connection,
  session: Session,
  packet: Connect,
  keepAlive: number,
  present: boolean,
  told: ServerProperties,
): void {
  const { core } = connection
  connection.phase = Phase.Connected
  connection.connectedAt = core.clock.now()
  const { maximumInflight, maximumInflightBytes } = core.settings
  const receiveMaximum = packet.properties.receiveMaximum ?? 65_535
  connection.sendQuota = new SendQuota(Math.min(receiveMaximum, maximumInflight), maximumInflightBytes)
  // A clock that is read now and then is up to 200 ms behind, which must not count against the client.
  connection.patience = keepAlive === 0 ? 0 : keepAlive * 1_500 + 200
  connection.keepAlive()
  record(connection, present)
  const maximum = connection.outbox.maximumPacketSize
  connection.outbox.first(encodeConnack(packet.version, present, Reason.Success, told, maximum))
  session.attach(connection)
}

function record(connection: Connection, sessionPresent: boolean): void {
  const { core, id: clientId, listener, version, peer } = connection
  const counters = core.counters
  counters.connectionsAccepted++
  counters.connections++
  if (counters.connections > counters.connectionsMaximum) counters.connectionsMaximum = counters.connections
  const { name: identity, method } = connection.identity
  const event = { clientId, identity, method, listener, address: peer.address, version, sessionPresent }
  core.log.info('client connected', event)
  core.journal.record({ kind: 'connected', ...event })
}

/** Seconds the session outlives the connection. MQTT 3 knows only sessions that end with it, and others. */
function expiryOf(packet: Connect, maximum: number): number {
  if (packet.version === 5) return Math.min(packet.properties.sessionExpiryInterval ?? 0, maximum)
  return packet.cleanStart ? 0 : Math.min(forever, maximum)
}

function keepAliveOf(packet: Connect, maximum: number): number {
  if (packet.version !== 5 || maximum === 0) return packet.keepAlive
  return packet.keepAlive === 0 ? maximum : Math.min(packet.keepAlive, maximum)
}

/** What CONNACK of MQTT 5 says of this broker [MQTT 3.2.2.3]. */
function announcement(
  connection: Connection,
  packet: Connect,
  expiryInterval: number,
  keepAlive: number,
): ServerProperties {
  const { settings } = connection.core
  const asked = packet.properties
  return {
    ...(expiryInterval === (asked.sessionExpiryInterval ?? 0) ? {} : { sessionExpiryInterval: expiryInterval }),
    receiveMaximum: settings.receiveMaximum,
    ...(settings.maximumQos < 2 ? { maximumQos: settings.maximumQos } : {}),
    ...(settings.retainAvailable ? {} : { retainAvailable: 0 }),
    maximumPacketSize: settings.maximumPacketSize,
    ...(packet.clientId === '' ? { assignedClientIdentifier: connection.id } : {}),
    topicAliasMaximum: settings.topicAliasMaximum,
    ...(settings.wildcardSubscriptionAvailable ? {} : { wildcardSubscriptionAvailable: 0 }),
    ...(settings.subscriptionIdentifierAvailable ? {} : { subscriptionIdentifierAvailable: 0 }),
    ...(settings.sharedSubscriptionAvailable ? {} : { sharedSubscriptionAvailable: 0 }),
    ...(keepAlive === packet.keepAlive ? {} : { serverKeepAlive: keepAlive }),
    ...endOf(connection.identity),
    ...(asked.requestResponseInformation === 1 && settings.responseInformation !== ''
      ? { responseInformation: settings.responseInformation }
      : {}),
  }
}

function willOf(connection: Connection, session: Session, will: WillRequest): Will | null {
  const { core, id: clientId } = connection
  const name = core.names.of(will.topic)
  if (name === null) return null
  const { topic, qos, retain, payload } = will
  const { messageExpiryInterval, willDelayInterval } = will.properties
  const number = session.kept ? session.number : core.store.number()
  return new Will(number, name, connection.actor, {
    number,
    actor: connection.actor.toText(),
    clientId,
    topic,
    qos,
    retain,
    properties: encodePassedProperties(will.properties),
    payload,
    delay: willDelayInterval ?? 0,
    expiryInterval: messageExpiryInterval ?? -1,
    dueAt: 0,
  })
}
