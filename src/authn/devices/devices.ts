import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import type { Authenticator, Client, Credentials, Denial, Identity } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import { type NameSource, namesIn } from '../certificate/certificate-name.ts'
import { type Acceptance, acceptedCertificate } from '../certificate/trust-accepted.ts'
import { DeviceLoader } from './devices-loader.ts'
import { mismatch } from './devices-match.ts'
import { spellingsOf } from './devices-name.ts'
import type { Device } from './devices-record.ts'
import { Devices } from './devices-registry.ts'

export interface DevicesOptions {
  /** Files and folders with the devices. */
  readonly files: readonly string[]
  /** Where the name is looked for in the certificate of a client that gives no user name. */
  readonly nameSources: readonly NameSource[]
  /** A client with neither is known by its client identifier. */
  readonly clientIdAsName: boolean
}

interface Context {
  readonly log: Log
  readonly files: WatchedFiles
}

/** Knows clients that are devices of a registry, and prove it with a certificate that fits. */
export interface DevicesAuthenticator extends Authenticator {
  readonly devices: Devices
}

/** @throws BrokerError DEVICES_INVALID */
export async function openDevicesAuthenticator(
  options: DevicesOptions,
  context: Context,
): Promise<DevicesAuthenticator> {
  const devices = new Devices()
  const loader = await DeviceLoader.open(options.files, devices, context)
  return new RegisteredDevices(options, devices, loader)
}

/** What an identity was based on. */
interface Grounds {
  readonly device: Device
  readonly acceptance: Acceptance
}

class RegisteredDevices implements DevicesAuthenticator {
  readonly devices: Devices
  readonly #options: DevicesOptions
  readonly #loader: DeviceLoader
  readonly #grounds = new WeakMap<Identity, Grounds>()

  constructor(options: DevicesOptions, devices: Devices, loader: DeviceLoader) {
    this.#options = options
    this.devices = devices
    this.#loader = loader
  }

  authenticate(who: Credentials): Identity | Denial | 'unknown' {
    const acceptance = acceptedCertificate(who.peer)
    const device = acceptance === null ? null : this.#find(who, acceptance)
    if (acceptance === null || device === null) return 'unknown'
    const denial = refusal(device, acceptance)
    return denial ?? this.#identify(device, acceptance)
  }

  begin(): null {
    return null
  }

  review({ identity }: Client): Denial | null {
    const grounds = this.#grounds.get(identity)
    if (grounds === undefined) return null
    const now = this.devices.get(grounds.device.authenticationName)
    if (now === grounds.device) return null
    if (now === null) return deleted(grounds.device)
    return refusal(now, grounds.acceptance) ?? changed(now)
  }

  watch(changed: () => void): void {
    this.devices.watch(changed)
  }

  async close(): Promise<void> {
    await this.#loader.close()
  }

  #identify(device: Device, acceptance: Acceptance): Identity {
    const { facts, expiresAt } = acceptance
    const identity = {
      name: device.authenticationName,
      method: 'certificate',
      certificate: facts,
      attributes: device.attributes,
      ...(expiresAt === null ? {} : { expiresAt }),
    }
    this.#grounds.set(identity, { device, acceptance })
    return identity
  }

  /** By the user name; without one by the first of the sources that the certificate has. */
  #find({ username, clientId }: Credentials, { facts }: Acceptance): Device | null {
    if (username !== null && username !== '') return this.devices.get(username)
    for (const source of this.#options.nameSources) {
      const names = namesIn(facts, source)
      if (names.length === 0) continue
      const found = this.#first(names)
      if (found !== null || source !== 'subject') return found
      return this.#first(spellingsOf(facts.subject))
    }
    return this.#options.clientIdAsName ? this.devices.get(clientId) : null
  }

  #first(names: readonly string[]): Device | null {
    for (const name of names) {
      const device = this.devices.get(name)
      if (device !== null) return device
    }
    return null
  }
}

function refusal(device: Device, acceptance: Acceptance): Denial | null {
  const { authenticationName } = device
  const why = mismatch(device, acceptance)
  if (why !== null) {
    const { subject, serial } = acceptance.facts
    const detail = `the certificate of ${subject} (serial ${serial}) for the device ${authenticationName} ${why}`
    return { reason: Reason.NotAuthorized, detail }
  }
  const told = 'the device is disabled'
  return device.enabled ? null : { reason: Reason.NotAuthorized, detail: `${told}: ${authenticationName}`, told }
}

function deleted({ authenticationName }: Device): Denial {
  const told = 'the device was removed from the registry'
  return { reason: Reason.NotAuthorized, detail: `${told}: ${authenticationName}`, told }
}

/** It would be let in again, with other attributes or spelled otherwise: so it has to come again. */
function changed({ authenticationName }: Device): Denial {
  const told = 'the device was changed in the registry: connect again'
  return { reason: Reason.AdministrativeAction, detail: `${told}: ${authenticationName}`, told }
}
