import { connect as connectTcp, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { IClientOptions, MqttClient, Packet } from 'mqtt'
import { Reason, reasonName } from '../../packet/reason.ts'
import { Failure } from '../failure.ts'
import type { ClientPlan } from './plan.ts'
import { type Target, targetText } from './target.ts'

const connectMilliseconds = 30_000

/** A connection to a broker that has accepted it. */
export interface Dialled {
  readonly client: MqttClient
  /** Rejects when the connection ends and nobody here ended it. */
  readonly lost: Promise<never>
  /** Sends DISCONNECT, and waits until it is written. */
  close(): Promise<void>
}

/**
 * Connects, and waits for CONNACK. `prepare` sees the client before anything is received.
 * With `reconnect` milliseconds, a connection once accepted is opened again when the network loses it.
 */
export async function dial(
  plan: ClientPlan,
  reconnect: number,
  prepare: (client: MqttClient) => void,
): Promise<Dialled> {
  const options = { ...plan.mqtt, reconnectPeriod: reconnect, connectTimeout: connectMilliseconds, resubscribe: true }
  const client = await openClient(plan, options)
  if (plan.debug) trace(client)
  const watch = { accepted: false, again: reconnect > 0 }
  const lost = lossOf(client, plan, watch)
  lost.catch(() => client.end(true))
  prepare(client)
  const connected = new Promise<void>((resolve) => client.once('connect', () => resolve()))
  await Promise.race([connected, lost])
  watch.accepted = true
  const disconnect = plan.mqtt.protocolVersion === 5 ? { properties: plan.properties.disconnect } : {}
  return { client, lost, close: () => client.endAsync(false, disconnect) }
}

/** What is known of a connection: the broker accepted it once, and it is to be opened again when the network loses it. */
interface Watch {
  accepted: boolean
  readonly again: boolean
}

function lossOf(client: MqttClient, plan: ClientPlan, watch: Watch): Promise<never> {
  let last: Packet | null = null
  client.on('packetreceive', (packet) => (last = packet))
  return new Promise<never>((_, reject) => {
    client.on('error', (error) => {
      const failure = failureOf(error, plan.target, last)
      if (!(watch.accepted && watch.again && failure.passing)) reject(failure)
    })
    client.on('disconnect', ({ reasonCode = 0, properties }) => {
      // A broker that only restarts is waited for; all other reasons need somebody to look.
      if (reasonCode === Reason.ServerShuttingDown && watch.again) return
      reject(new Failure(`the broker ended the connection: ${reason(reasonCode, properties?.reasonString)}`))
    })
    client.on('close', () => {
      if (client.disconnecting) return
      const place = targetText(plan.target)
      if (!watch.accepted) reject(new Failure(`${place} closed the connection without an answer`))
      else if (!watch.again) reject(new Failure(`${place} closed the connection`))
      else if (last !== null && !plan.quiet) console.error(`petaltail: ${place} closed the connection; trying again`)
      last = null
    })
  })
}

/** A reason code in words and number, and what the broker said about it. */
export function reason(code: number, text?: string): string {
  const name = reasonName(code)
  const words = `${name} (0x${code.toString(16).padStart(2, '0')})`
  // This broker begins the text of DISCONNECT and CONNACK with the reason.
  const more = text?.startsWith(`${name}: `) ? text.slice(name.length + 2) : text === name ? '' : text
  return more === undefined || more === '' ? words : `${words}: ${printable(more)}`
}

async function openClient(plan: ClientPlan, options: IClientOptions): Promise<MqttClient> {
  const { connect, MqttClient } = await import('mqtt')
  const { target, tls } = plan
  if (target.kind !== 'ws' && target.kind !== 'wss') return new MqttClient(() => openStream(plan), options)
  const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host
  const { port, path, kind: protocol } = target
  const local = plan.localAddress === null ? {} : { localAddress: plan.localAddress }
  return connect({ ...options, protocol, host, hostname: host, port, path, wsOptions: { ...tls, ...local } })
}

function openStream({ target, tls, localAddress }: ClientPlan): Duplex {
  if (target.kind === 'unix') return connectTcp({ path: target.path })
  if (target.kind !== 'tcp' && target.kind !== 'tls') throw new Failure(`${target.kind} is no stream`)
  const place = {
    host: target.host,
    port: target.port,
    noDelay: true,
    ...(localAddress === null ? {} : { localAddress }),
  }
  if (target.kind === 'tcp') return connectTcp(place)
  return connectTls({ ...place, ...tls, ...(isIP(target.host) === 0 ? { servername: target.host } : {}) })
}

function trace(client: MqttClient): void {
  client.on('packetsend', ({ cmd }) => console.error(`petaltail: sent ${cmd.toUpperCase()}`))
  client.on('packetreceive', ({ cmd }) => console.error(`petaltail: received ${cmd.toUpperCase()}`))
}

const oldRefusals: Readonly<Record<number, string>> = {
  1: 'unacceptable protocol version',
  2: 'identifier rejected',
  3: 'server unavailable',
  4: 'bad user name or password',
  5: 'not authorized',
}

/** A failure of the network may pass; a broker that refuses will do so again. */
class DialFailure extends Failure {
  readonly passing: boolean

  constructor(message: string, passing: boolean) {
    super(message)
    this.passing = passing
  }
}

function failureOf(error: Error, target: Target, last: Packet | null): DialFailure {
  if (last?.cmd === 'connack' && (last.returnCode ?? last.reasonCode ?? 0) !== 0) {
    const { returnCode, reasonCode = 0, properties } = last
    const words =
      returnCode === undefined
        ? reason(reasonCode, properties?.reasonString)
        : `${oldRefusals[returnCode]} (${returnCode})`
    return new DialFailure(`the broker refused the connection: ${words}`, false)
  }
  const code = 'code' in error ? String(error.code) : ''
  return new DialFailure(`cannot talk to ${targetText(target)}: ${causes[code] ?? printable(error.message)}`, true)
}

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'it closed the connection (reset)',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ETIMEDOUT: 'it does not answer',
  ENOENT: 'there is no such socket',
  EACCES: 'permission denied',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority (--cafile names one to trust)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority (--cafile names one to trust)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority (--cafile names one to trust)',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself (--cafile names one to trust)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a client certificate (--cert and --key)',
}

/** The other end chose this text: one line of it, and nothing that moves the cursor. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').slice(0, 300)
}
