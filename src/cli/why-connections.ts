import type { JournalEvent } from '../engine/ports.ts'
import { Reason } from '../packet/reason.ts'
import type { Advice, AdviceContext } from './why-cause.ts'
import { explainCommand, whoText } from './why-explain.ts'
import { pasted, shown } from './why-words.ts'

type Ended = Extract<JournalEvent, { kind: 'refused' | 'disconnected' }>

/** One cause for which connections are refused, or end. */
interface Cause {
  readonly cause: string
  readonly kinds: readonly Ended['kind'][]
  readonly reasons: readonly number[] | null
  /** What the detail says, for causes that have no reason code of their own; null for any. */
  readonly detail: RegExp | null
  readonly text: string | ((event: Ended, context: AdviceContext) => string)
}

const both = ['refused', 'disconnected'] as const
const refused = ['refused'] as const
const disconnected = ['disconnected'] as const

/** The first that fits says what to do. */
const causes: readonly Cause[] = [
  {
    cause: 'will-not-allowed',
    kinds: refused,
    reasons: [Reason.NotAuthorized],
    detail: /^the will\b/,
    text: 'The client may not publish its will, and so may not connect with it: see the refusal of the will beside this.',
  },
  {
    cause: 'rule-denies-connect',
    kinds: refused,
    reasons: [Reason.NotAuthorized],
    detail: /\bdenied by\b/,
    text: (event, context) =>
      `The rule at ${shown(ruleOf(event))} refuses it. Change that rule, or put one that allows connect before it.${explained(event, context)}`,
  },
  {
    cause: 'no-rule-allows-connect',
    kinds: refused,
    reasons: [Reason.NotAuthorized],
    detail: /\bno rule allows\b/,
    text: (event, context) =>
      `Some rule is about connect, and none allows this client. If it should be allowed, add one:\n  - { allow: connect, ${whoText(event)} }     in a file of rules${explained(event, context)}`,
  },
  {
    cause: 'certificate-expired',
    kinds: both,
    reasons: null,
    detail: /certificate\b.*\bexpired/s,
    text: (event) =>
      `Renew the certificate, before it ends the next time: petaltail ca renew ${nameIn(event)}\npetaltail ca list --expiring 30 shows what comes next.`,
  },
  {
    cause: 'token-expired',
    kinds: both,
    reasons: null,
    detail: /\btoken\b.*\bexpired|\bexpired at\b/s,
    text: 'The client must get a new token before the old one ends, and re-authenticate (MQTT 5) or connect again with it.',
  },
  {
    cause: 'token-refused',
    kinds: both,
    reasons: null,
    detail: /\btoken\b/,
    text: 'The token is not good here: compare issuer, audience, signing key and the clock of the client. docs/tokens.md',
  },
  {
    cause: 'certificate-refused',
    kinds: both,
    reasons: null,
    detail: /\bcertificate\b/,
    text: 'The client needs a certificate of an authority that the listener trusts. docs/client-certificates.md',
  },
  {
    cause: 'client-speaks-no-tls',
    kinds: refused,
    reasons: null,
    detail: /TLS handshake failed: the client (does not speak TLS|speaks HTTP)/,
    text: 'The listener speaks TLS and the client does not: have it connect with mqtts:// or wss://, or to another port.',
  },
  {
    cause: 'tls-handshake',
    kinds: refused,
    reasons: null,
    detail: /TLS handshake failed/,
    text: 'Client and listener do not agree on TLS: look at the versions, and whether the client trusts the authority of the listener.',
  },
  {
    cause: 'anonymous',
    kinds: refused,
    reasons: null,
    detail: /anonymous clients/,
    text: 'Give the client a user name and password (petaltail passwd), a certificate or a token; or let such clients in: allow_anonymous.',
  },
  {
    cause: 'too-many-attempts',
    kinds: refused,
    reasons: null,
    detail: /too many (attempts|logins)/,
    text: 'Too many logins that failed, or came at once: somebody guesses, or a device repeats a wrong password. The settings are in authentication.failures.',
  },
  {
    cause: 'client-id-not-allowed',
    kinds: both,
    reasons: null,
    detail: /client identifier .*(belongs to somebody else|allowed are)|may not use the client identifier/s,
    text: 'The client identifier is that of somebody else, or not one of those this identity may use. Choose another in the client, or see session.bound and client_ids.',
  },
  {
    cause: 'bad-password',
    kinds: refused,
    reasons: [Reason.BadUserNameOrPassword],
    detail: null,
    text: (event) => {
      const name = event.identity === '' ? 'NAME' : (pasted(event.identity) ?? 'NAME')
      return `The password is wrong, or there is no such user. Set a new one: petaltail passwd FILE ${name}\nFILE is the one that the configuration names under authenticators.`
    },
  },
  {
    cause: 'authentication-method',
    kinds: both,
    reasons: [Reason.BadAuthenticationMethod],
    detail: null,
    text: 'The client asks for a method of authentication that is not configured. docs/authentication.md',
  },
  {
    cause: 'client-id-invalid',
    kinds: both,
    reasons: [Reason.ClientIdentifierNotValid],
    detail: null,
    text: 'Give the client an identifier that is allowed here: limits.maximum_client_id_bytes says how long it may be.',
  },
  {
    cause: 'version',
    kinds: both,
    reasons: [Reason.UnsupportedProtocolVersion],
    detail: null,
    text: 'The broker speaks MQTT 3.1, 3.1.1 and 5.0. Choose one of them in the client.',
  },
  {
    cause: 'keep-alive',
    kinds: disconnected,
    reasons: [Reason.KeepAliveTimeout],
    detail: null,
    text:
      'The client was silent for one and a half times its keep alive: it lost its network, sleeps, or does not run its loop. ' +
      'Choose a longer keep alive in the client, or have it send PINGREQ in time.',
  },
  {
    cause: 'taken-over',
    kinds: disconnected,
    reasons: [Reason.SessionTakenOver],
    detail: null,
    text:
      'Another connection came with the same client identifier. If both go on taking over from each other, two devices share ' +
      'it: give each its own. If it happens once, the device came back before the broker saw its old connection end.',
  },
  {
    cause: 'packet-too-large',
    kinds: both,
    reasons: [Reason.PacketTooLarge],
    detail: null,
    text: 'A packet was over limits.maximum_packet_size (for CONNECT limits.maximum_connect_bytes), or over what the client announced. Send less, or raise the limit.',
  },
  {
    cause: 'stalled',
    kinds: disconnected,
    reasons: [Reason.QuotaExceeded],
    detail: /took nothing/,
    text: 'The client did not read what it was sent. It is stuck, or its network is; limits.stall_timeout says how long that may last.',
  },
  {
    cause: 'quota',
    kinds: both,
    reasons: [Reason.QuotaExceeded],
    detail: null,
    text: 'A limit was reached: of sessions (session.maximum_sessions, session.maximum_per_identity), of a queue with policy disconnect, or of messages to be acknowledged.',
  },
  {
    cause: 'rate',
    kinds: both,
    reasons: [Reason.MessageRateTooHigh, Reason.ConnectionRateExceeded],
    detail: null,
    text: 'The client sends more than limits.message_rate or limits.byte_rate allow. limits.rate_policy: throttle makes it wait instead.',
  },
  {
    cause: 'receive-maximum',
    kinds: both,
    reasons: [Reason.ReceiveMaximumExceeded],
    detail: null,
    text: 'The client sent more QoS 1 and 2 messages without waiting for acknowledgements than it was told in CONNACK (limits.receive_maximum): a mistake of its library.',
  },
  {
    cause: 'store-failing',
    kinds: both,
    reasons: [Reason.ServerUnavailable],
    detail: /the store/,
    text: 'The store could not be written. Look at the free space and the health of its disk, and at the log of the broker.',
  },
  {
    cause: 'authentication-service',
    kinds: refused,
    reasons: [Reason.ServerUnavailable, Reason.ServerBusy],
    detail: null,
    text: 'Whoever had to be asked about the client did not answer in time: look at that service, and at the log of the broker.',
  },
  {
    cause: 'topic',
    kinds: both,
    reasons: [Reason.TopicNameInvalid, Reason.TopicFilterInvalid],
    detail: null,
    text: 'A topic with a wildcard, or over limits.maximum_topic_bytes or limits.maximum_topic_levels. Correct it in the client.',
  },
  {
    cause: 'not-offered',
    kinds: both,
    reasons: [Reason.QosNotSupported, Reason.RetainNotSupported],
    detail: null,
    text: 'The client uses a part of MQTT that is switched off here: features.maximum_qos, retained.available.',
  },
  {
    cause: 'not-allowed',
    kinds: both,
    reasons: [Reason.NotAuthorized, Reason.Banned],
    detail: null,
    text: 'It is not allowed: see what was refused beside this. MQTT 3 clients that publish what they may not are disconnected (access.denied_mqtt3), MQTT 5 clients where access.denied_mqtt5 says so, and all of them when the rules change and do not allow their subscription any more.',
  },
  {
    cause: 'no-connect',
    kinds: refused,
    reasons: null,
    detail: /no complete CONNECT in time/,
    text: 'The connection was opened, and no CONNECT came: something that only looks whether the port is open, or a client that waits for TLS.',
  },
  {
    cause: 'not-mqtt',
    kinds: refused,
    reasons: null,
    detail: /first packet is not CONNECT|remaining length|reserved flags/,
    text: 'What came is not MQTT: a browser, a scanner, or a client that speaks TLS to a listener that does not.',
  },
  {
    cause: 'proxy-header',
    kinds: refused,
    reasons: null,
    detail: /PROXY header/,
    text: 'The listener expects the PROXY header of a load balancer in front of it. Have the balancer send it, or switch it off for the listener.',
  },
  {
    cause: 'websocket',
    kinds: refused,
    reasons: null,
    detail: /WebSocket|HTTP request/,
    text: 'Compare the URL of the client with that of the listener (path, and origin in browsers); it must offer the subprotocol "mqtt".',
  },
  {
    cause: 'connection-limit',
    kinds: refused,
    reasons: null,
    detail: /limit|too many/,
    text: 'A limit of the listener was reached. docs/listeners.md names them; look first who opens so many connections.',
  },
  {
    cause: 'malformed',
    kinds: both,
    reasons: [Reason.MalformedPacket, Reason.ProtocolError, Reason.TopicAliasInvalid, Reason.PayloadFormatInvalid],
    detail: null,
    text: 'The client broke the rules of MQTT as the detail says: a mistake of its library. The last packets show where.',
  },
  {
    cause: 'administrative',
    kinds: both,
    reasons: [Reason.AdministrativeAction],
    detail: null,
    text: 'An operator ended it.',
  },
]

/** Why a connection was refused, or ended, and what to change; null for an orderly end. */
export function connectionAdvice(event: Ended, context: AdviceContext): Advice | null {
  if (event.kind === 'disconnected' && event.by === 'network')
    return {
      cause: 'network',
      text:
        'The connection was lost without a DISCONNECT: the network, a device that was switched off or crashed, or a firewall ' +
        'that forgot it. Where it happens at even intervals, choose a keep alive that is shorter.',
    }
  if (event.kind === 'disconnected' && event.by === 'client') return null
  const found = causes.find((candidate) => fits(candidate, event))
  if (found === undefined) return null
  return { cause: found.cause, text: typeof found.text === 'string' ? found.text : found.text(event, context) }
}

function fits({ kinds, reasons, detail }: Cause, event: Ended): boolean {
  if (!kinds.includes(event.kind)) return false
  if (reasons !== null && !reasons.includes(event.reason)) return false
  return detail === null || detail.test(event.detail)
}

function ruleOf(event: Ended): string {
  return event.kind === 'refused' ? event.rule : ''
}

function explained(event: Ended, { config }: AdviceContext): string {
  const { clientId, identity, listener } = event
  const command = explainCommand({ clientId, identity, listener, qos: 0, action: 'connect', topic: '' }, config)
  return command === null ? '' : `\nWhich rule, and what nearly matched:\n  ${command}`
}

/** The common name in what was said of a certificate, or else the identity. */
function nameIn(event: Ended): string {
  const common = /\bCN=([^,+]+?)(?= \(|,|\+|$)/.exec(event.detail)?.[1] ?? event.identity
  return common === '' ? 'NAME' : (pasted(common) ?? 'NAME')
}
