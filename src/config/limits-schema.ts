import Type from 'typebox'
import { bytes, choice, count, flag, seconds, text } from './option.ts'

const maximumTwoBytes = 65_535
const maximumFourBytes = 0xffff_ffff

export const limitsSchema = Type.Object(
  {
    maximumPacketSize: bytes(
      2_097_152,
      'The largest packet accepted, fixed header included; announced to MQTT 5 clients.',
      {
        minimum: 128,
        maximum: 268_435_460,
      },
    ),
    maximumConnectBytes: bytes(262_144, 'The largest CONNECT packet: what a client nobody knows yet may send.', {
      minimum: 1_024,
      maximum: 268_435_460,
    }),
    maximumTopicBytes: bytes(4_096, 'The longest topic name or filter.', { minimum: 128, maximum: maximumTwoBytes }),
    maximumTopicLevels: count(128, 'The most levels of a topic name or filter.', { minimum: 8, maximum: 1_000 }),
    maximumSubscriptions: count(1_000_000, 'Subscriptions of one client.', { minimum: 1 }),
    maximumFiltersPerSubscribe: count(1_000, 'Topic filters in one SUBSCRIBE or UNSUBSCRIBE packet.', { minimum: 1 }),
    maximumUserProperties: count(64, 'User properties in one packet.'),
    maximumClientIdBytes: bytes(256, 'The longest client identifier.', { minimum: 23, maximum: maximumTwoBytes }),
    messageRate: count(0, 'PUBLISH packets per second accepted from one client; bursts of one second are allowed.', {
      words: { none: 0 },
    }),
    byteRate: bytes(
      0,
      'Bytes of PUBLISH packets per second accepted from one client; bursts of one second are allowed.',
      {
        words: { none: 0 },
      },
    ),
    ratePolicy: choice(
      ['throttle', 'disconnect'],
      'throttle',
      'What happens to a client over its rate: it is made to wait, or disconnected.',
    ),
    receiveMaximum: count(
      1_000,
      'QoS 1 and 2 messages accepted from one MQTT 5 client before it must wait for acknowledgements.',
      {
        minimum: 1,
        maximum: maximumTwoBytes,
      },
    ),
    maximumInflight: count(
      2_000,
      'QoS 1 and 2 messages sent to one client and not acknowledged, if the client allows as many.',
      {
        minimum: 1,
        maximum: maximumTwoBytes,
      },
    ),
    maximumInflightBytes: bytes(16 * 1_048_576, 'Bytes of such messages; one more is always sent.', { minimum: 1_024 }),
    topicAliasMaximum: count(64, 'Topic aliases accepted from, and used towards, one client.', {
      maximum: maximumTwoBytes,
    }),
    maximumKeepAlive: seconds(
      3_600,
      'The longest keep alive; MQTT 5 clients that ask for more, or for none, are told this one.',
      {
        maximum: maximumTwoBytes,
        words: { none: 0 },
      },
    ),
    outboxBytes: bytes(1_048_576, 'Bytes waiting to be sent to one client before QoS 0 messages to it are dropped.', {
      minimum: 1_024,
    }),
    stallTimeout: seconds(60, 'How long a client may take nothing of what it must be sent before it is cut off.', {
      words: { never: 0 },
    }),
  },
  { additionalProperties: false, default: {}, description: 'What one client may do.' },
)

export const sessionSchema = Type.Object(
  {
    maximumExpiry: seconds(
      maximumFourBytes,
      'The longest time a session is kept after its client left. MQTT 3 sessions are kept as long.',
      {
        maximum: maximumFourBytes,
        words: { never: maximumFourBytes },
      },
    ),
    maximumSessions: count(1_000_000, 'Sessions in all, connected or not.', { minimum: 1 }),
    maximumPerIdentity: count(0, 'Sessions of one identity, connected or not.', { words: { none: 0 } }),
    bound: flag(
      true,
      'A session belongs to the identity it was made for: a client that is somebody else is refused under its client ' +
        'identifier. Sessions of anonymous clients belong to nobody.',
    ),
  },
  { additionalProperties: false, default: {}, description: 'What is kept of clients.' },
)

export const queueSchema = Type.Object(
  {
    messages: count(100_000, 'Messages queued for one session.', { minimum: 1 }),
    bytes: bytes(64 * 1_048_576, 'Bytes queued for one session.', { minimum: 1 }),
    policy: choice(
      ['drop-oldest', 'drop-newest', 'disconnect'],
      'drop-oldest',
      'What happens to the next message when the queue of a session is full.',
    ),
    qos0: flag(false, 'QoS 0 messages are queued for absent sessions too.'),
    totalBytes: bytes(1_073_741_824, 'Bytes of all queues together.', { minimum: 1 }),
  },
  { additionalProperties: false, default: {}, description: 'Messages waiting for their receivers.' },
)

export const retainedSchema = Type.Object(
  {
    available: flag(true, 'Retained messages are offered.'),
    maximumMessages: count(1_000_000, 'Retained messages in all.'),
    maximumBytes: bytes(1_073_741_824, 'Bytes of all retained messages together.'),
  },
  { additionalProperties: false, default: {}, description: 'Retained messages.' },
)

export const featuresSchema = Type.Object(
  {
    maximumQos: choice([0, 1, 2], 2, 'The highest QoS offered.'),
    wildcardSubscriptions: flag(true, 'Filters with `+` and `#` are offered.'),
    sharedSubscriptions: flag(true, 'Shared subscriptions (`$share/group/filter`) are offered.'),
    subscriptionIdentifiers: flag(true, 'Subscription identifiers are offered.'),
    responseInformation: text('', 'Text answered to MQTT 5 clients that request response information; empty for none.'),
    sysInterval: seconds(10, 'Time between publications of the `$SYS` tree.', { maximum: 86_400, words: { never: 0 } }),
  },
  { additionalProperties: false, default: {}, description: 'Which parts of MQTT are offered.' },
)
