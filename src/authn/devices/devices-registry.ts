import { folded } from './devices-name.ts'
import { type Device, isSameDevice } from './devices-record.ts'

/** Devices that came together, such as those of one file. */
export class DeviceCollection {
  readonly #byName = new Map<string, Device>()
  readonly #byThumbprint = new Map<string, number>()

  get size(): number {
    return this.#byName.size
  }

  get(key: string): Device | undefined {
    return this.#byName.get(key)
  }

  hasThumbprint(thumbprint: string): boolean {
    return this.#byThumbprint.has(thumbprint)
  }

  values(): IterableIterator<Device> {
    return this.#byName.values()
  }

  put(device: Device): void {
    const key = folded(device.authenticationName)
    this.drop(key)
    this.#byName.set(key, device)
    for (const one of device.thumbprints) this.#byThumbprint.set(one, (this.#byThumbprint.get(one) ?? 0) + 1)
  }

  drop(key: string): boolean {
    const device = this.#byName.get(key)
    if (device === undefined) return false
    this.#byName.delete(key)
    for (const one of device.thumbprints) {
      const count = (this.#byThumbprint.get(one) ?? 1) - 1
      if (count === 0) this.#byThumbprint.delete(one)
      else this.#byThumbprint.set(one, count)
    }
    return true
  }
}

/** The devices that were put by the program, not by a file. */
const program = ''

/** The devices that may connect, by their authentication name, from files and from the program. */
export class Devices {
  readonly #collections = new Map<string, DeviceCollection>([[program, new DeviceCollection()]])
  #changed = () => {}

  get size(): number {
    let size = 0
    for (const collection of this.#collections.values()) size += collection.size
    return size
  }

  /** The device with an authentication name, however it is written. */
  get(authenticationName: string): Device | null {
    const key = folded(authenticationName)
    for (const collection of this.#collections.values()) {
      const device = collection.get(key)
      if (device !== undefined) return device
    }
    return null
  }

  /** Whether a device has the thumbprint of a certificate. */
  registers({ sha1, sha256 }: { readonly sha1: string; readonly sha256: string }): boolean {
    for (const collection of this.#collections.values()) {
      if (collection.hasThumbprint(sha256) || collection.hasThumbprint(sha1)) return true
    }
    return false
  }

  *list(): Generator<Device> {
    for (const collection of this.#collections.values()) yield* collection.values()
  }

  /** Adds a device or replaces the one of its name. Returns what is in the way, or null. */
  put(device: Device): string | null {
    const source = this.sourceOf(device.authenticationName)
    if (source !== null && source !== program) return `the device is in ${source}: change it there`
    this.#collections.get(program)?.put(device)
    this.#changed()
    return null
  }

  /** Removes a device that was put. Returns what is in the way, or null. */
  drop(authenticationName: string): string | null {
    const source = this.sourceOf(authenticationName)
    if (source === null) return 'there is no such device'
    if (source !== program) return `the device is in ${source}: remove it there`
    this.#collections.get(program)?.drop(folded(authenticationName))
    this.#changed()
    return null
  }

  /** Where a device comes from: a file, or an empty text for the program; null when there is none. */
  sourceOf(authenticationName: string): string | null {
    const key = folded(authenticationName)
    for (const [source, collection] of this.#collections) if (collection.get(key) !== undefined) return source
    return null
  }

  /**
   * A device as it is to be kept: the one that is there, if it says the same, so that who was let in by it can see that
   * nothing changed.
   */
  same(device: Device): Device {
    const present = this.get(device.authenticationName)
    return present !== null && isSameDevice(present, device) ? present : device
  }

  /** The devices of a source take the place of those before. */
  replace(source: string, collection: DeviceCollection): void {
    this.#collections.set(source, collection)
    this.#changed()
  }

  watch(changed: () => void): void {
    this.#changed = changed
  }
}
