import { Failure, usageExitCode } from '../failure.ts'

/** MQTT 5 properties by packet, as `-D` gives them. */
export interface PropertySets {
  readonly connect: Properties
  readonly will: Properties
  readonly publish: Properties
  readonly subscribe: Properties
  readonly unsubscribe: Properties
  readonly disconnect: Properties
}

type PacketName = keyof PropertySets

/** Every property a client may send, under the names MQTT.js has for them. */
export interface Properties {
  payloadFormatIndicator?: boolean
  messageExpiryInterval?: number
  contentType?: string
  responseTopic?: string
  correlationData?: Buffer
  subscriptionIdentifier?: number
  sessionExpiryInterval?: number
  authenticationMethod?: string
  authenticationData?: Buffer
  requestProblemInformation?: boolean
  requestResponseInformation?: boolean
  willDelayInterval?: number
  reasonString?: string
  receiveMaximum?: number
  topicAliasMaximum?: number
  topicAlias?: number
  maximumPacketSize?: number
  userProperties?: Record<string, string | string[]>
}

/** Reads the values of `-D`, each a JSON list made by `groupArguments`. */
export function propertiesOf(given: readonly string[]): PropertySets {
  const sets = { connect: {}, will: {}, publish: {}, subscribe: {}, unsubscribe: {}, disconnect: {} }
  for (const text of given) add(sets, words(text))
  return sets
}

function add(sets: PropertySets, [packet = '', name = '', ...values]: readonly string[]): void {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
  if (definition === undefined)
    throw usage(`there is no property "${name}"; known are ${Object.keys(definitions).join(', ')}`)
  if (!isPacket(packet)) throw usage(`properties go with ${Object.keys(sets).join(', ')}; not with "${packet}"`)
  if (!definition.packets.includes(packet)) {
    throw usage(`${name} goes with ${definition.packets.join(', ')}; not with ${packet}`)
  }
  definition.set(sets[packet], values[0] ?? '', values[1] ?? '')
}

interface Definition {
  readonly packets: readonly PacketName[]
  readonly set: (properties: Properties, value: string, second: string) => void
}

const twoBytes = 0xffff
const fourBytes = 0xffff_ffff
const everywhere: readonly PacketName[] = ['connect', 'will', 'publish', 'subscribe', 'unsubscribe', 'disconnect']
const messages: readonly PacketName[] = ['publish', 'will']

const definitions: Readonly<Record<string, Definition>> = {
  'payload-format-indicator': { packets: messages, set: (to, value) => void (to.payloadFormatIndicator = bit(value)) },
  'message-expiry-interval': {
    packets: messages,
    set: (to, value) => void (to.messageExpiryInterval = number(value, fourBytes)),
  },
  'content-type': { packets: messages, set: (to, value) => void (to.contentType = value) },
  'response-topic': { packets: messages, set: (to, value) => void (to.responseTopic = value) },
  'correlation-data': { packets: messages, set: (to, value) => void (to.correlationData = Buffer.from(value)) },
  'topic-alias': { packets: ['publish'], set: (to, value) => void (to.topicAlias = number(value, twoBytes)) },
  'will-delay-interval': {
    packets: ['will'],
    set: (to, value) => void (to.willDelayInterval = number(value, fourBytes)),
  },
  'subscription-identifier': {
    packets: ['subscribe'],
    set: (to, value) => void (to.subscriptionIdentifier = number(value, 268_435_455)),
  },
  'session-expiry-interval': {
    packets: ['connect', 'disconnect'],
    set: (to, value) => void (to.sessionExpiryInterval = number(value, fourBytes)),
  },
  'receive-maximum': { packets: ['connect'], set: (to, value) => void (to.receiveMaximum = number(value, twoBytes)) },
  'maximum-packet-size': {
    packets: ['connect'],
    set: (to, value) => void (to.maximumPacketSize = number(value, fourBytes)),
  },
  'topic-alias-maximum': {
    packets: ['connect'],
    set: (to, value) => void (to.topicAliasMaximum = number(value, twoBytes)),
  },
  'request-response-information': {
    packets: ['connect'],
    set: (to, value) => void (to.requestResponseInformation = bit(value)),
  },
  'request-problem-information': {
    packets: ['connect'],
    set: (to, value) => void (to.requestProblemInformation = bit(value)),
  },
  'authentication-method': { packets: ['connect'], set: (to, value) => void (to.authenticationMethod = value) },
  'authentication-data': {
    packets: ['connect'],
    set: (to, value) => void (to.authenticationData = Buffer.from(value)),
  },
  'reason-string': { packets: ['disconnect'], set: (to, value) => void (to.reasonString = value) },
  'user-property': { packets: everywhere, set: addUserProperty },
}

function addUserProperty(to: Properties, name: string, value: string): void {
  const all = to.userProperties ?? {}
  const earlier = Object.hasOwn(all, name) ? (all[name] ?? []) : null
  all[name] = earlier === null ? value : [earlier, value].flat()
  to.userProperties = all
}

function bit(value: string): boolean {
  if (value !== '0' && value !== '1') throw usage(`${value} must be 0 or 1`)
  return value === '1'
}

function number(value: string, most: number): number {
  const result = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
  if (!(result <= most)) throw usage(`"${value}" must be a number from 0 to ${most}`)
  return result
}

function isPacket(name: string): name is PacketName {
  return everywhere.some((packet) => packet === name)
}

function words(text: string): string[] {
  const list: unknown = JSON.parse(text)
  return Array.isArray(list) ? list.map(String) : []
}

function usage(message: string): Failure {
  return new Failure(`-D: ${message}`, usageExitCode)
}
