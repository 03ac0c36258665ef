import { decodeSubscribe, decodeUnsubscribe, type Subscribe, type SubscriptionRequest } from '../packet/decode.ts'
import { encodeSuback } from '../packet/encode.ts'
import { Reason, reasonName } from '../packet/reason.ts'
import { PacketType, type Qos, type Version } from '../packet/types.ts'
import { countLevels, type Filter, hasWildcard, parseFilter } from '../topic/filter.ts'
import type { Connection } from './connection.ts'
import { denied } from './denied.ts'
import { verdictsOf } from './filter-verdicts.ts'
import type { Verdict } from './ports.ts'
import type { Router } from './router.ts'
import type { Session } from './session.ts'
import type { SubscriptionRecord } from './store-ports.ts'
import { Subscription } from './subscription.ts'
import { endSubscription } from './subscription-end.ts'

/** Serves a SUBSCRIBE packet [MQTT 3.8]: one SUBACK with a code for each filter, then the retained messages. */
export function subscribe(connection: Connection, session: Session, bytes: Buffer, start: number, end: number): void {
  const packet = decodeSubscribe(bytes, start, end, connection.version, connection.core.settings)
  if ('fault' in packet) return connection.fail(packet.fault, packet.detail)
  const filters = packet.requests.map((request) => parseFilter(request.filter))
  for (let index = 0; index < filters.length; index++) {
    const filter = filters[index]
    // MQTT 3 has no answer for an invalid filter but the end of the connection [MQTT3-4.8.0-1].
    if (filter === null && connection.version !== 5)
      return connection.fail(Reason.ProtocolError, 'an invalid topic filter')
    if (filter !== null && filter.share !== null && packet.requests[index].noLocal) {
      return connection.fail(Reason.ProtocolError, 'No Local on a shared subscription') // [MQTT-3.8.3-4]
    }
  }
  decide(connection, session, packet, filters)
}

function decide(
  connection: Connection,
  session: Session,
  packet: Subscribe,
  filters: readonly (Filter | null)[],
): void {
  const { access } = connection.core
  const { version } = access
  const questions = filters.map((filter, index) => {
    if (filter === null || unusable(connection, packet, filter) !== 0) return null
    return { pattern: filter.pattern, qos: packet.requests[index].qos }
  })
  const verdicts = verdictsOf(connection, questions)
  if (!(verdicts instanceof Promise)) return grant(connection, session, packet, filters, verdicts)
  connection.wait(verdicts, (known) => {
    // What other rules said must not become a subscription: nobody would look at it again.
    if (access.version !== version) decide(connection, session, packet, filters)
    else grant(connection, session, packet, filters, known)
  })
}

function grant(
  connection: Connection,
  session: Session,
  packet: Subscribe,
  filters: readonly (Filter | null)[],
  verdicts: readonly Verdict[],
): void {
  const codes: number[] = []
  const replays: (() => void)[] = []
  let why: string | null = null
  for (let index = 0; index < filters.length; index++) {
    const refusal = refused(connection, session, packet, filters[index], verdicts[index], packet.requests[index].qos)
    const filter = filters[index]
    if (refusal !== 0 || filter === null) {
      why ??= refusal === Reason.NotAuthorized ? told(connection, verdicts[index]) : reasonName(refusal)
      connection.core.counters.subscribesRefused++
      codes.push(refusalCode(connection.version, refusal, packet.requests[index].qos))
      continue
    }
    connection.core.counters.subscribesAccepted++
    codes.push(take(connection, session, filter, packet.requests[index], packet.identifier, verdicts[index], replays))
  }
  const text = connection.problemInformation ? why : null
  const { version, outbox } = connection
  const suback = encodeSuback(PacketType.Suback, version, packet.packetId, codes, text, outbox.maximumPacketSize)
  confirm(connection, session, suback, replays)
}

function told({ core, peer }: Connection, verdict: Verdict): string | null {
  const text = core.access.told(verdict, peer)
  return text === '' ? null : text
}

/** Sends SUBACK or UNSUBACK, once the store has what it tells. */
function confirm(connection: Connection, session: Session, packet: Buffer, replays: readonly (() => void)[]): void {
  const send = () => {
    connection.send(packet)
    for (const replay of replays) replay()
  }
  if (session.kept) connection.whenSafe(send)
  else send()
}

/** MQTT 3.1.1 has one code for every refusal; MQTT 3.1 has none, so the client is told what it asked for. */
function refusalCode(version: Version, refusal: Reason | 0, asked: Qos): number {
  return version === 5 ? refusal : version === 4 ? 0x80 : asked
}

/** The reason to refuse one filter, 0 for none. */
function refused(
  connection: Connection,
  session: Session,
  packet: Subscribe,
  filter: Filter | null,
  verdict: Verdict,
  asked: Qos,
): Reason | 0 {
  const { settings, router } = connection.core
  const wrong = filter === null ? Reason.TopicFilterInvalid : unusable(connection, packet, filter)
  if (filter === null || wrong !== 0) return wrong
  if (!verdict.allowed) {
    denied(connection.core, connection.actor, 'subscribe', filter.text, asked, verdict)
    return Reason.NotAuthorized
  }
  const { maximumSubscribers = 0 } = verdict
  if (maximumSubscribers > 0 && !session.subscriptions.has(filter.text)) {
    const reached = router.reachedBy(filter.pattern)
    if (reached >= maximumSubscribers) {
      const why = `${reached} subscribers get all of it already, ${maximumSubscribers} may: ${verdict.why}`
      denied(connection.core, connection.actor, 'subscribe', filter.text, asked, { ...verdict, why })
      return Reason.QuotaExceeded
    }
  }
  if (session.kept && connection.core.store.condition === 'failing') return Reason.QuotaExceeded
  const isNew = !session.subscriptions.has(filter.text)
  return isNew && session.subscriptions.size >= settings.maximumSubscriptions ? Reason.QuotaExceeded : 0
}

/** Why a filter is refused whatever the rules say, 0 for nothing. */
function unusable({ core }: Connection, { identifier }: Subscribe, { text, pattern, share }: Filter): Reason | 0 {
  const { settings } = core
  if (text.length > settings.maximumTopicBytes || Buffer.byteLength(text) > settings.maximumTopicBytes)
    return Reason.TopicFilterInvalid
  if (countLevels(pattern) > settings.maximumTopicLevels) return Reason.TopicFilterInvalid
  if (share !== null && !settings.sharedSubscriptionAvailable) return Reason.SharedSubscriptionsNotSupported
  if (!settings.wildcardSubscriptionAvailable && hasWildcard(pattern)) return Reason.WildcardSubscriptionsNotSupported
  const hasIdentifier = identifier > 0 && !settings.subscriptionIdentifierAvailable
  return hasIdentifier ? Reason.SubscriptionIdentifiersNotSupported : 0
}

/** Makes the subscription, in place of the one with the same filter [MQTT-3.8.4-3]; returns the QoS granted. */
function take(
  connection: Connection,
  session: Session,
  filter: Filter,
  request: SubscriptionRequest,
  identifier: number,
  verdict: Verdict,
  replays: (() => void)[],
): Qos {
  const { router, settings, store, access } = connection.core
  const qos = request.qos > settings.maximumQos ? settings.maximumQos : request.qos
  const before = session.subscriptions.get(filter.text)
  const { noLocal, retainAsPublished } = request
  const record: SubscriptionRecord = { filter: filter.text, qos, noLocal, retainAsPublished, identifier }
  const subscription = establish(router, session, filter, record)
  if (verdict.whole === true) access.whole(subscription, connection.actor)
  if (session.kept) store.putSubscription(session.number, record)
  if (before !== undefined) {
    router.unsubscribe(before)
    session.cancelReplays(filter.text)
  }
  const wanted = request.retainHandling === 0 || (request.retainHandling === 1 && before === undefined)
  if (wanted && filter.share === null) replays.push(() => replay(connection, session, subscription))
  return qos
}

/** Makes a subscription of a session, whether it is asked for now or was kept; the one before it is left to the caller. */
export function establish(router: Router, session: Session, filter: Filter, record: SubscriptionRecord): Subscription {
  const { qos, noLocal, retainAsPublished, identifier } = record
  const { text } = filter
  const group = filter.share === null ? null : router.groupOf(filter)
  const identifiers = identifier === 0 ? null : [identifier]
  const subscription = new Subscription(session, text, qos, noLocal, retainAsPublished, identifiers, group, null)
  if (group !== null && !session.subscriptions.has(text)) session.sharedSubscriptions++
  router.subscribe(subscription)
  session.subscriptions.set(text, subscription)
  return subscription
}

function replay(connection: Connection, session: Session, subscription: Subscription): void {
  const { retained, clock } = connection.core
  const pattern = subscription.pattern
  if (retained.isEmpty(pattern)) return
  if (hasWildcard(pattern)) return session.replay({ subscription, messages: retained.matching(pattern) })
  const message = retained.get(pattern)
  if (message !== null && !message.expired(clock.now())) session.offerRetained(message, subscription)
}

/** Serves an UNSUBSCRIBE packet [MQTT 3.10]. Deliveries that began are completed [MQTT-3.10.4-3]. */
export function unsubscribe(connection: Connection, session: Session, bytes: Buffer, start: number, end: number): void {
  const { core, version } = connection
  const packet = decodeUnsubscribe(bytes, start, end, version, core.settings)
  if ('fault' in packet) return connection.fail(packet.fault, packet.detail)
  const codes: number[] = []
  for (const text of packet.filters) {
    const subscription = session.subscriptions.get(text)
    if (subscription !== undefined) {
      endSubscription(core, session, subscription)
      codes.push(Reason.Success)
    } else {
      if (parseFilter(text) === null && version !== 5)
        return connection.fail(Reason.ProtocolError, 'an invalid topic filter')
      codes.push(parseFilter(text) === null ? Reason.TopicFilterInvalid : Reason.NoSubscriptionExisted)
    }
  }
  const maximum = connection.outbox.maximumPacketSize
  confirm(connection, session, encodeSuback(PacketType.Unsuback, version, packet.packetId, codes, null, maximum), [])
}
