import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, getCACertificates } from 'node:tls'
import type { IClientOptions } from 'mqtt'
import { Failure, usageExitCode } from '../failure.ts'
import type { ClientOptions } from './options.ts'
import { type PropertySets, propertiesOf } from './properties.ts'
import { parseTargetUrl, type Target, targetOf } from './target.ts'

/** Everything a client needs to know before it connects. */
export interface ClientPlan {
  readonly target: Target
  readonly tls: ConnectionOptions
  readonly mqtt: IClientOptions
  readonly properties: PropertySets
  readonly topics: readonly string[]
  readonly localAddress: string | null
  /** Packets are named on standard error as they come and go. */
  readonly debug: boolean
  readonly quiet: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

const never = 0xffff_ffff

export function planOf(options: ClientOptions, verb: string, environment: Environment): ClientPlan {
  const properties = propertiesOf(options.property ?? [])
  if (options.property !== undefined && options.protocolVersion !== 5) throw usage('-D needs MQTT 5: -V mqttv5')
  const url = options.url === undefined ? null : parseTargetUrl(options.url)
  const secure = wantsTls(options, environment)
  const web = options.ws || options.wsPath !== undefined ? (options.wsPath ?? '/mqtt') : null
  const network = url?.target ?? targetOf(options.host, options.port, secure, web)
  const topics = [...(url?.topic ? [url.topic] : []), ...(options.topic ?? [])]
  return {
    target: options.unix === undefined ? network : { kind: 'unix', path: options.unix },
    tls: tlsOptions(options),
    mqtt: {
      ...sessionPart(options, verb, environment, properties),
      ...credentials(url?.username ?? options.username, url?.password ?? options.pw),
      ...willPart(options, properties),
    },
    properties,
    topics,
    localAddress: options.bind ?? null,
    debug: options.debug ?? false,
    quiet: options.quiet ?? false,
  }
}

function sessionPart(
  options: ClientOptions,
  verb: string,
  environment: Environment,
  properties: PropertySets,
): IClientOptions {
  const { protocolVersion } = options
  const clean = !(options.disableCleanSession ?? environment.MQTT_CLEAN_SESSION?.toLowerCase() === 'false')
  const expiry = options.sessionExpiryInterval ?? (clean ? undefined : never)
  if (options.sessionExpiryInterval !== undefined && protocolVersion !== 5) throw usage('-x needs MQTT 5: -V mqttv5')
  if (!clean && options.id === undefined && options.idPrefix === undefined)
    throw usage('-c needs a client identifier: -i')
  if (protocolVersion === 5 && expiry !== undefined) properties.connect.sessionExpiryInterval ??= expiry
  return {
    protocolVersion,
    protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
    clean,
    clientId: options.id ?? clientId(options.idPrefix, verb),
    keepalive: options.keepalive,
    ...(protocolVersion === 5 ? { properties: properties.connect } : {}),
  }
}

function clientId(prefix: string | undefined, verb: string): string {
  return prefix === undefined ? `petaltail-${verb}-${randomBytes(4).toString('hex')}` : `${prefix}${process.pid}`
}

function credentials(username: string | undefined, password: string | undefined): IClientOptions {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) }
}

function willPart(options: ClientOptions, properties: PropertySets): IClientOptions {
  const { willTopic, willPayload, willQos, willRetain } = options
  if (willTopic === undefined) {
    if (willPayload !== undefined || willRetain) throw usage('a will needs a topic: --will-topic')
    return {}
  }
  const will = { topic: willTopic, payload: willPayload ?? '', qos: willQos, retain: willRetain ?? false }
  return { will: options.protocolVersion === 5 ? { ...will, properties: properties.will } : will }
}

function wantsTls(options: ClientOptions, environment: Environment): boolean {
  const asked = environment.MQTT_USE_TLS?.toLowerCase()
  if (options.tlsUseOsCerts || options.tlsAlpn !== undefined) return true
  if (asked !== undefined) return asked === 'true' || asked === '1'
  return options.cafile !== undefined || options.capath !== undefined || options.cert !== undefined
}

function tlsOptions(options: ClientOptions): ConnectionOptions {
  if ((options.cert === undefined) !== (options.key === undefined)) throw usage('--cert and --key go together')
  const { cert, key, keyPassword, tlsAlpn, tlsVersion, ciphers } = options
  const authorities = authoritiesOf(options)
  const version = tlsVersion === 'tlsv1.2' ? 'TLSv1.2' : 'TLSv1.3'
  return {
    ...(authorities.length === 0 ? {} : { ca: authorities }),
    ...(tlsVersion === undefined ? {} : { minVersion: version, maxVersion: version }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(cert === undefined || key === undefined ? {} : { cert: fileOf(cert), key: fileOf(key) }),
    ...(keyPassword === undefined ? {} : { passphrase: keyPassword }),
    ...(tlsAlpn === undefined ? {} : { ALPNProtocols: [tlsAlpn] }),
    ...(options.insecure ? { checkServerIdentity: () => undefined } : {}),
  }
}

function authoritiesOf({ cafile, capath, tlsUseOsCerts }: ClientOptions): (Buffer | string)[] {
  return [
    ...(tlsUseOsCerts ? getCACertificates('system') : []),
    ...(cafile === undefined ? [] : [fileOf(cafile)]),
    ...(capath === undefined ? [] : filesIn(capath).map(fileOf)),
  ]
}

/** The PEM files of a folder. */
function filesIn(folder: string): string[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    throw new Failure(`${folder}: cannot be read`)
  }
  const files = names.filter((name) => /\.(pem|crt|cer|\d)$/.test(name)).map((name) => join(folder, name))
  if (files.length === 0) throw new Failure(`${folder}: has no PEM files (.pem, .crt, .cer, or a hash and .0)`)
  return files
}

function fileOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    throw new Failure(`${path}: cannot be read`)
  }
}

function usage(message: string): Failure {
  return new Failure(message, usageExitCode)
}
