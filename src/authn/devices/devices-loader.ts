import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { type DeviceSource, readDevices } from './devices-files.ts'
import { folded } from './devices-name.ts'
import { DeviceCollection, type Devices } from './devices-registry.ts'

interface Context {
  readonly log: Log
  readonly files: WatchedFiles
}

/** Reads the files of devices into the registry, at the start and whenever they change. */
export class DeviceLoader {
  readonly #devices: Devices
  readonly #context: Context
  /** For each source: stops to watch it and the files in it. */
  readonly #watches = new Map<string, Map<string, () => void>>()
  /** Sources whose last reading failed: what stood in the way may be gone after another was read. */
  readonly #failed = new Set<string>()
  readonly #waiting = new Set<string>()
  #reading: Promise<void> = Promise.resolve()
  #closed = false

  /** @throws BrokerError DEVICES_INVALID */
  static async open(paths: readonly string[], devices: Devices, context: Context): Promise<DeviceLoader> {
    const loader = new DeviceLoader(devices, context)
    try {
      for (const path of paths) await loader.#load(path)
    } catch (error) {
      await loader.close()
      throw error
    }
    return loader
  }

  private constructor(devices: Devices, context: Context) {
    this.#devices = devices
    this.#context = context
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const watches of this.#watches.values()) for (const stop of watches.values()) stop()
    this.#watches.clear()
    await this.#reading
  }

  async #load(path: string): Promise<DeviceSource> {
    // The watch begins before it is read, so that no change is missed.
    if (!this.#watches.has(path)) this.#watch(path, [])
    const collection = new DeviceCollection()
    const source = await readDevices(path, (device) => {
      const { authenticationName } = device
      if (collection.get(folded(authenticationName)) !== undefined) return `${authenticationName} is there twice`
      const other = this.#devices.sourceOf(authenticationName)
      if (other !== null && other !== path)
        return `${authenticationName} is in ${other === '' ? 'the registry' : other}, too`
      collection.put(this.#devices.same(device))
      return null
    })
    if (this.#closed) return source
    this.#watch(path, source.files)
    this.#devices.replace(path, collection)
    return source
  }

  #watch(path: string, files: readonly string[]): void {
    const before = this.#watches.get(path) ?? new Map<string, () => void>()
    const watches = new Map<string, () => void>()
    for (const file of new Set([path, ...files])) {
      watches.set(file, before.get(file) ?? this.#context.files.add(file, () => this.#changed(path)))
      before.delete(file)
    }
    for (const stop of before.values()) stop()
    this.#watches.set(path, watches)
  }

  #changed(path: string): void {
    if (this.#waiting.has(path) || this.#closed) return
    this.#waiting.add(path)
    this.#reading = this.#reading.then(async () => {
      this.#waiting.delete(path)
      if (!(await this.#reload(path))) return
      for (const failed of [...this.#failed]) await this.#reload(failed, true)
    })
  }

  async #reload(path: string, again = false): Promise<boolean> {
    if (this.#closed) return false
    try {
      const { devices } = await this.#load(path)
      this.#failed.delete(path)
      this.#context.log.info('devices reloaded', { file: path, devices })
      return true
    } catch (error) {
      if (!again || !(error instanceof BrokerError)) this.#say(path, error)
      this.#failed.add(path)
      return false
    }
  }

  #say(file: string, error: unknown): void {
    const cause = error instanceof Error ? error.message : String(error)
    this.#context.log.error('devices cannot be read: those before go on', { file, cause })
  }
}
