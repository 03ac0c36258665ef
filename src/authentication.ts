import { getCACertificates } from 'node:tls'
import { anyCertificate, type Listed, openTrust, type Trust } from './authn/certificate/trust.ts'
import { Chain, type Doorway } from './authn/chain.ts'
import type { DevicesAuthenticator } from './authn/devices/devices.ts'
import { openAuthenticator } from './authn/open.ts'
import { Throttle } from './authn/throttle/throttle.ts'
import type { Clock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import type { WatchedFiles } from './base/watched-files.ts'
import { authenticatorName, authenticatorsOf } from './config/authenticators.ts'
import { listenerName } from './config/listeners.ts'
import type { AuthenticatorConfig, Config, ListenerConfig } from './config/schema.ts'
import type { Authenticator } from './engine/ports.ts'

export interface AuthenticationContext {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

/**
 * Makes what finds out who clients are, as the configuration says: the authenticators, and for each listener which of
 * them it asks and which certificates it trusts.
 *
 * @throws BrokerError when a file cannot be used; nothing is left open then.
 */
export async function openAuthentication(config: Config, context: AuthenticationContext): Promise<Authenticator> {
  const opening = new Opening(config, context)
  try {
    return await opening.chain()
  } catch (error) {
    await opening.close()
    throw error
  }
}

class Opening {
  readonly #config: Config
  readonly #context: AuthenticationContext
  readonly #authenticators = new Map<string, Authenticator>()
  readonly #registries: DevicesAuthenticator[] = []
  readonly #trusts: Trust[] = []

  constructor(config: Config, context: AuthenticationContext) {
    this.#config = config
    this.#context = context
  }

  async chain(): Promise<Chain> {
    const { authenticators, listeners, authentication } = this.#config
    for (const each of authenticators)
      this.#authenticators.set(authenticatorName(each), await this.#authenticator(each))
    const doorways = new Map<string, Doorway>()
    for (const listener of listeners) doorways.set(listenerName(listener), await this.#doorway(listener))
    const throttle = new Throttle(authentication.failures, this.#context.clock)
    const sharedNames = new Set(authenticators.flatMap(({ token }) => token?.userName ?? []))
    return new Chain({ doorways, clientIds: authentication.clientIds, sharedNames }, throttle)
  }

  async close(): Promise<void> {
    for (const opened of [...this.#authenticators.values(), ...this.#trusts]) await opened.close?.()
  }

  /** What a method needs is loaded only where it is configured. */
  async #authenticator(authenticator: AuthenticatorConfig): Promise<Authenticator> {
    const { password, scram, certificate, devices, token, http } = authenticator
    if (password !== undefined)
      return (await import('./authn/password/password.ts')).openPasswordAuthenticator(password, this.#context)
    if (scram !== undefined)
      return (await import('./authn/scram/scram.ts')).openScramAuthenticator(scram, this.#context)
    if (certificate !== undefined)
      return (await import('./authn/certificate/certificate.ts')).openCertificateAuthenticator(certificate)
    if (token !== undefined)
      return (await import('./authn/token/token.ts')).openTokenAuthenticator(token, this.#context)
    if (http !== undefined)
      return (await import('./authn/http/http-authenticator.ts')).openHttpAuthenticator(http, this.#context)
    if (devices === undefined) throw new Error('an authenticator without a section')
    const { openDevicesAuthenticator } = await import('./authn/devices/devices.ts')
    const registry = await openDevicesAuthenticator(devices, this.#context)
    this.#registries.push(registry)
    return registry
  }

  async #doorway(listener: ListenerConfig): Promise<Doorway> {
    const names = authenticatorsOf(this.#config, listener)
    const authenticators = names.flatMap((name) => this.#authenticators.get(name) ?? [])
    const trust = await this.#trust(listener)
    this.#trusts.push(trust)
    return { trust, authenticators: authenticators.length === 0 ? [openAuthenticator] : authenticators }
  }

  async #trust(listener: ListenerConfig): Promise<Trust> {
    const { log, clock, files } = this.#context
    const { tls } = listener
    if (tls === undefined || tls.clientCertificate === 'none') return anyCertificate
    const otherAuthorities = tls.systemAuthorities ? getCACertificates('system') : []
    const { openInspector } = await import('./pki/revocation/revocation.ts')
    const inspector = await openInspector({ ...tls, authorityFiles: tls.clientCa, otherAuthorities }, this.#context)
    const { clientCa, authorizedCertificates } = tls
    const nobody = clientCa.length === 0 && otherAuthorities.length === 0 && authorizedCertificates.length === 0
    if (nobody && this.#registries.length === 0)
      log.warn('no client certificate can be accepted: give the listener client_ca, or make an authority', {
        listener: listenerName(listener),
      })
    const registered: Listed = (certificate) => this.#registries.some(({ devices }) => devices.registers(certificate))
    try {
      return openTrust(tls, { log, clock, files, inspector, registered })
    } catch (error) {
      await inspector.close()
      throw error
    }
  }
}
