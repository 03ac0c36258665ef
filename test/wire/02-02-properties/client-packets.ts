import { type ReasonFields, v5 } from '../../kit/packets.ts'
import type { BuildProperties, PropertyName } from '../../kit/properties.ts'

/** A packet a client sends on an open connection, and the properties it may carry [MQTT 5, table 2-4]. */
export interface ClientPacket {
  readonly name: string
  readonly section: string
  readonly allowed: readonly PropertyName[]
  build(fields: ReasonFields): Buffer
}

export const clientPackets: readonly ClientPacket[] = [
  {
    name: 'PUBACK',
    section: '3.4.2.2',
    allowed: ['reasonString', 'userProperty'],
    build: (fields) => v5.puback(1, { reason: 0, ...fields }),
  },
  {
    name: 'PUBREC',
    section: '3.5.2.2',
    allowed: ['reasonString', 'userProperty'],
    build: (fields) => v5.pubrec(1, { reason: 0, ...fields }),
  },
  {
    name: 'PUBREL',
    section: '3.6.2.2',
    allowed: ['reasonString', 'userProperty'],
    build: (fields) => v5.pubrel(1, { reason: 0, ...fields }),
  },
  {
    name: 'PUBCOMP',
    section: '3.7.2.2',
    allowed: ['reasonString', 'userProperty'],
    build: (fields) => v5.pubcomp(1, { reason: 0, ...fields }),
  },
  {
    name: 'SUBSCRIBE',
    section: '3.8.2.1',
    allowed: ['subscriptionIdentifier', 'userProperty'],
    build: (fields) => v5.subscribe({ filters: ['t'], ...fields }),
  },
  {
    name: 'UNSUBSCRIBE',
    section: '3.10.2.1',
    allowed: ['userProperty'],
    build: (fields) => v5.unsubscribe({ filters: ['t'], ...fields }),
  },
  {
    name: 'DISCONNECT',
    section: '3.14.2.2',
    allowed: ['sessionExpiryInterval', 'reasonString', 'userProperty', 'serverReference'],
    build: (fields) => v5.disconnect({ reason: 0, ...fields }),
  },
]

/** One value for every property that is good wherever the property may stand. */
export const goodValues: Required<BuildProperties> = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 60,
  contentType: 'text/plain',
  responseTopic: 'answers',
  correlationData: Buffer.from([1, 2, 3]),
  subscriptionIdentifier: 7,
  sessionExpiryInterval: 0,
  assignedClientIdentifier: 'client',
  serverKeepAlive: 60,
  authenticationMethod: 'METHOD',
  authenticationData: Buffer.from([4, 5, 6]),
  requestProblemInformation: 1,
  willDelayInterval: 0,
  requestResponseInformation: 1,
  responseInformation: 'answers',
  serverReference: 'other.example:1883',
  reasonString: 'because',
  receiveMaximum: 10,
  topicAliasMaximum: 10,
  topicAlias: 1,
  maximumQos: 1,
  retainAvailable: 1,
  userProperty: [['name', 'value']],
  maximumPacketSize: 1_000,
  wildcardSubscriptionAvailable: 1,
  subscriptionIdentifierAvailable: 1,
  sharedSubscriptionAvailable: 1,
}

/** Every property, with its good value. */
export function allProperties(): readonly (readonly [PropertyName, BuildProperties[PropertyName] & {}])[] {
  const list: [PropertyName, BuildProperties[PropertyName] & {}][] = []
  for (const name in goodValues) if (isName(name)) list.push([name, goodValues[name]])
  return list
}

function isName(text: string): text is PropertyName {
  return text in goodValues
}
