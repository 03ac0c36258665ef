import { mayUse } from '../authn/client-ids.ts'
import { openDevicesAuthenticator } from '../authn/devices/devices.ts'
import type { Clock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import type { WatchedFiles } from '../base/watched-files.ts'
import { isLoopbackHost } from '../config/address.ts'
import { authenticatorName, authenticatorsOf } from '../config/authenticators.ts'
import { addressOf, allowsAnonymous, listenerName } from '../config/listeners.ts'
import type { AuthenticatorConfig, Config, ListenerConfig } from '../config/schema.ts'
import type { Client, Credentials, Identity } from '../engine/ports.ts'
import { readBounded } from './ca-access.ts'
import { certificatesIn, judgeCertificate, presumeCertificate, presumeTls } from './explain-certificate.ts'
import { type ClientOptions, checkClient, mistake, withGiven } from './explain-given.ts'
import type { PresumeContext, Presumed } from './explain-presumed.ts'
import { presumeToken } from './explain-token.ts'
import { presumeDevice, presumeUser } from './explain-user.ts'

/** A client as it would be, and what is to be said of that. */
export interface PresumedClient {
  readonly client: Client
  readonly from: string
  /** Why it would not be let in, or null. */
  readonly refused: string | null
  readonly notes: readonly string[]
}

interface Context {
  readonly clock: Clock
  readonly files: WatchedFiles
}

/** Finds out who a client would be, from the files the configuration names. Nobody is asked over the network. */
export async function presumeClient(
  options: ClientOptions,
  config: Config,
  { clock, files }: Context,
): Promise<PresumedClient> {
  checkClient(options)
  const listener = listenerFor(options, config)
  const offer = { ...options, tokenBytes: tokenOf(options), config, listener }
  const certificates = options.cert === undefined ? [] : certificatesIn(options.cert)
  const credentials = credentialsOf(offer, certificates, clock)
  const context = { log: silentLog, clock, files, credentials, notes: [] }
  const rejected = certificates.length === 0 ? null : await judge(listener, config, context)
  const presumed = (await ask(offer, context)) ?? strangerOf(offer, context)
  const { client: clientId } = options
  const refused = rejected ?? presumed.refused ?? misnamed(clientId, presumed.identity, config)
  const identity = withGiven(presumed.identity, options)
  const { version, peer } = credentials
  const client = { id: clientId, identity, version, listener: listenerName(listener), peer }
  return { client, from: presumed.from, refused, notes: context.notes }
}

interface Offer extends Omit<ClientOptions, 'listener'> {
  readonly tokenBytes: Buffer | null
  readonly config: Config
  readonly listener: ListenerConfig
}

/** The one that is named; else the first that asks for certificates when there is one to show, or the first of all. */
function listenerFor({ listener: wanted, cert }: ClientOptions, { listeners }: Config): ListenerConfig {
  const found =
    wanted === undefined
      ? (listeners.find(({ tls }) => cert !== undefined && tls !== undefined && tls.clientCertificate !== 'none') ??
        listeners[0])
      : listeners.find((each) => listenerName(each) === wanted)
  if (found !== undefined) return found
  const names = listeners.map(listenerName).join(', ')
  throw mistake(wanted === undefined ? 'there is no listener' : `--listener: there is no ${wanted}, but ${names}`)
}

function tokenOf({ token, tokenFile }: ClientOptions): Buffer | null {
  if (tokenFile !== undefined) return Buffer.from(readBounded(tokenFile).toString('latin1').trim(), 'latin1')
  return token === undefined ? null : Buffer.from(token)
}

function credentialsOf(offer: Offer, certificates: readonly Buffer[], clock: Clock): Credentials {
  const { client: clientId, user, tokenBytes, listener, config, address = '127.0.0.1' } = offer
  const { transport } = addressOf(listener)
  const tls = certificates.length === 0 ? null : presumeTls(certificates, listener, clock.wall())
  const loopback = isLoopbackHost(address)
  return {
    clientId,
    username: user ?? null,
    password: tokenBytes,
    version: 5,
    listener: listenerName(listener),
    allowAnonymous: allowsAnonymous(config, listener),
    peer: { transport, address, port: 0, loopback, tls },
  }
}

async function judge(listener: ListenerConfig, { authenticators }: Config, context: PresumeContext) {
  const { log, files } = context
  const sections = authenticators.flatMap(({ devices }) => devices ?? [])
  const registries = await Promise.all(sections.map((section) => openDevicesAuthenticator(section, { log, files })))
  const judged = await judgeCertificate(
    listener,
    (certificate) => registries.some(({ devices }) => devices.registers(certificate)),
    context,
  )
  for (const registry of registries) await registry.close?.()
  return judged
}

/** What the authenticators of the listener would say, in their order, if what the client has to show were good. */
async function ask(offer: Offer, context: PresumeContext): Promise<Presumed | null> {
  const { config, listener } = offer
  if (isBare(offer)) return null
  for (const name of authenticatorsOf(config, listener)) {
    const authenticator = config.authenticators.find((each) => authenticatorName(each) === name)
    const presumed = authenticator === undefined ? null : await askOne(authenticator, name, offer, context)
    if (presumed !== null) return presumed
  }
  return null
}

function isBare({ user, tokenBytes, cert }: Offer): boolean {
  return user === undefined && tokenBytes === null && cert === undefined
}

async function askOne(
  authenticator: AuthenticatorConfig,
  name: string,
  { user, tokenBytes, cert }: Offer,
  context: PresumeContext,
): Promise<Presumed | null> {
  const { password, scram, devices, token, http } = authenticator
  if (http !== undefined) context.notes.push(`the service of "${name}" was not asked, and might know the client`)
  if (token !== undefined) return tokenBytes === null ? null : presumeToken(tokenBytes, token, name, context)
  if (cert !== undefined) return presumeCertificate(authenticator, name, context)
  if (user === undefined) return null
  if (devices !== undefined) return presumeDevice(user, devices, context)
  if (password !== undefined) return presumeUser(user, password.file, 'password', context)
  return scram === undefined ? null : presumeUser(user, scram.file, 'scram', context)
}

/** A client that no file knows. */
function strangerOf(offer: Offer, { credentials, notes }: PresumeContext): Presumed {
  const { user = '', tokenBytes, config, listener } = offer
  const { allowAnonymous } = credentials
  const names = authenticatorsOf(config, listener)
  const stranger = { name: user, method: 'anonymous' }
  const from = 'the command line'
  if (tokenBytes !== null) throw mistake(`nobody takes this token at ${credentials.listener}: no rule can be asked`)
  if (names.length === 0 && user !== '') {
    notes.push(`nothing asks clients of ${credentials.listener} who they are: a user name proves nothing there`)
    return { identity: stranger, from, refused: allowAnonymous ? null : notAnonymous(credentials) }
  }
  if (user === '') return { identity: stranger, from, refused: allowAnonymous ? null : notAnonymous(credentials) }
  const others = config.authenticators.some(
    (each) => names.includes(authenticatorName(each)) && each.http !== undefined,
  )
  notes.push(`no file knows the user ${JSON.stringify(user)}: what is known of it is what was given here`)
  const refused = others ? null : `nobody knows the user ${JSON.stringify(user)}`
  return { identity: { name: user, method: others ? 'http' : 'password' }, from, refused }
}

function notAnonymous({ listener }: Credentials): string {
  return `clients that prove nothing are not let in at ${listener}`
}

function misnamed(clientId: string, { name, method, clientIds }: Identity, { authentication }: Config): string | null {
  const patterns = clientIds ?? authentication.clientIds
  if (method === 'anonymous' || mayUse(patterns, clientId, name)) return null
  return `${name} may not use the client identifier ${JSON.stringify(clientId)}: allowed are ${patterns.slice(0, 10).join(', ')}`
}
