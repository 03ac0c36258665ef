import type { ConnectFields, FilterFields, Packets, PublishFields, WillFields } from '../kit/packets.ts'
import { v3, v4, v5 } from '../kit/packets.ts'
import type { Random } from './random.ts'
import { knownMethod } from './slow-decisions.ts'

// Few names, so that sessions meet: they take each other over, share subscriptions and get each other's messages.
const clients = ['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8', 'f9', 'fa', 'fb', 'fc', 'fd', 'fe', ''] as const
const topics = ['a', 'a/b', 'a/b/c', '/', 'f/ä', '$own/x', 'a//b', 'long/'.padEnd(300, 'x')] as const
const filters = [
  'a',
  '#',
  '+',
  'a/#',
  '+/b',
  'a/+/c',
  '$share/g/a/#',
  '$share/g/#',
  '$share/h/a',
  '$SYS/#',
  '/',
  '$own/#',
] as const

/** The packets of a client that does nothing wrong, though it does not wait for answers. */
export function validSession(random: Random): Buffer[] {
  const packets = random.pick([v3, v4, v5, v5])
  const list = [packets.connect(connectFields(random, packets))]
  if (packets.version === 5 && random.once(5))
    list.push(authentication(random, packets), authentication(random, packets))
  for (let count = random.below(12); count > 0; count--) list.push(...step(random, packets))
  if (random.once(2)) list.push(packets.disconnect(packets.version === 5 && random.once(3) ? { reason: 4 } : {}))
  return list
}

function connectFields(random: Random, packets: Packets): ConnectFields {
  const clientId = random.pick(clients)
  return {
    clientId: clientId === '' && packets.version === 3 ? 'ff' : clientId,
    clean: clientId === '' || random.once(2),
    keepAlive: random.pick([0, 1, 60, 65_535]),
    ...(random.once(3) && { will: will(random) }),
    ...(random.once(4) && { username: 'u', password: random.bytes(random.below(20)) }),
    properties: {
      ...(random.once(2) && { sessionExpiryInterval: random.pick([0, 5, 0xffff_ffff]) }),
      ...(random.once(3) && { receiveMaximum: random.pick([1, 2, 65_535]) }),
      ...(random.once(4) && { maximumPacketSize: random.pick([20, 100, 100_000]) }),
      ...(random.once(3) && { topicAliasMaximum: random.pick([1, 5, 65_535]) }),
      ...(random.once(6) && {
        requestProblemInformation: random.below(2),
        requestResponseInformation: random.below(2),
      }),
      ...(random.once(5) && {
        authenticationMethod: random.once(9) ? 'x' : knownMethod,
        authenticationData: random.bytes(5),
      }),
      ...(random.once(5) && { userProperty: users(random) }),
    },
  }
}

function will(random: Random): WillFields {
  return {
    topic: random.pick(topics),
    payload: random.bytes(random.below(60)),
    qos: random.below(3),
    retain: random.once(3),
    properties: {
      ...(random.once(2) && { willDelayInterval: random.pick([0, 1, 100]) }),
      ...(random.once(3) && { messageExpiryInterval: random.pick([0, 1, 100]) }),
      ...(random.once(3) && { responseTopic: 'r', correlationData: random.bytes(4) }),
    },
  }
}

function step(random: Random, packets: Packets): Buffer[] {
  const id = 1 + random.below(6)
  switch (random.below(10)) {
    case 0:
    case 1: {
      const properties = random.once(3) ? { subscriptionIdentifier: 1 + random.below(300) } : {}
      const list = Array.from({ length: 1 + random.below(4) }, () => filter(random, packets))
      return [packets.subscribe({ id, filters: list, properties })]
    }
    case 2:
      return [packets.unsubscribe({ id, filters: [random.pick(filters), random.pick(filters)] })]
    case 3:
      return [packets.pingreq()]
    case 4:
      // What a broker sends first has these identifiers: some of these acknowledge something.
      return [packets.puback(id), packets.pubrec(id), packets.pubcomp(id)]
    case 5:
      return random.once(2) ? [authentication(random, packets)] : [packets.pubrel(id)]
    default:
      return publish(random, packets, id)
  }
}

function authentication(random: Random, packets: Packets): Buffer {
  const properties = { authenticationMethod: knownMethod, authenticationData: random.bytes(random.below(9)) }
  return packets.auth({ reason: random.pick([0x18, 0x19]), properties })
}

function filter(random: Random, packets: Packets): FilterFields {
  const text = random.pick(filters)
  const plain = { filter: text, qos: random.below(3) }
  if (packets.version < 5) return plain
  const noLocal = !text.startsWith('$share') && random.once(3)
  return { ...plain, noLocal, retainAsPublished: random.once(2), retainHandling: random.below(3) }
}

function publish(random: Random, packets: Packets, id: number): Buffer[] {
  const qos = random.below(3)
  const fields: PublishFields = {
    topic: random.pick(topics),
    payload: random.bytes(random.once(15) ? random.below(9_000) : random.below(80)),
    qos,
    retain: random.once(4),
    properties: {
      ...(random.once(3) && { topicAlias: 1 + random.below(3) }),
      ...(random.once(4) && { messageExpiryInterval: random.pick([0, 1, 1_000]) }),
      ...(random.once(5) && { userProperty: users(random) }),
      ...(random.once(6) && { responseTopic: 'r', correlationData: random.bytes(3), contentType: 't' }),
    },
    ...(qos > 0 && { id }),
  }
  const first = packets.publish(fields)
  const again = packets.publish({ ...fields, topic: '' })
  const list = packets.version === 5 && random.once(4) ? [first, again] : [first]
  return qos === 2 && random.once(2) ? [...list, packets.pubrel(id)] : list
}

function users(random: Random): [string, string][] {
  return Array.from({ length: 1 + random.below(5) }, () => [random.pick(['a', 'b', '']), 'v'.repeat(random.below(9))])
}
