import { readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileProblem, readBoundedFile } from '../../base/bounded-file.ts'
import { BrokerError } from '../../base/errors.ts'
import { parseConfigDocument } from '../../config/document.ts'
import { type JsonElement, jsonElements } from './devices-json.ts'
import { readDevice } from './devices-read.ts'
import { type Device, type DeviceMistake, type Fields, isFields } from './devices-record.ts'

// The YAML parser takes quadratic time for some senseless texts.
const maximumYamlBytes = 131_072
const maximumFiles = 2_000
const maximumMistakes = 20
/** Devices read between two chances for others. */
const slice = 500

/** What a file or folder has. */
export interface DeviceSource {
  /** The files that were read; to be watched besides the folder. */
  readonly files: readonly string[]
  readonly devices: number
}

/** Takes one device; returns why it cannot be taken, or null. */
export type TakeDevice = (device: Device) => string | null

/**
 * Reads the devices of a file, or of the files of a folder.
 *
 * @throws BrokerError DEVICES_INVALID with the mistakes, each on a line of its own
 */
export async function readDevices(path: string, take: TakeDevice): Promise<DeviceSource> {
  const files = await filesOf(path)
  const reading = new Reading(take)
  for (const file of files) await reading.read(file)
  if (reading.mistakes.length > 0) throw new BrokerError('DEVICES_INVALID', reading.mistakes.join('\n'))
  return { files, devices: reading.devices }
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const names = (await readdir(path)).filter((name) => /\.(ya?ml|jsonl?)$/i.test(name) && !name.startsWith('.'))
    if (names.length <= maximumFiles) return names.toSorted().map((name) => join(path, name))
  } catch (error) {
    throw new BrokerError('DEVICES_INVALID', `${path}: ${fileProblem(error)}`, { cause: error })
  }
  const advice = 'put the devices into one .jsonl file'
  throw new BrokerError('DEVICES_INVALID', `${path}: has more than ${maximumFiles} files: ${advice}`)
}

/** Reads files one after the other and collects what is wrong with them. */
class Reading {
  readonly mistakes: string[] = []
  devices = 0
  readonly #take: TakeDevice

  constructor(take: TakeDevice) {
    this.#take = take
  }

  async read(file: string): Promise<void> {
    if (this.#full) return
    try {
      if (/\.ya?ml$/i.test(file)) this.#readYaml(file)
      else await this.#readJson(file)
    } catch (error) {
      const isLine = error instanceof Error && /^\d+: /.test(error.message)
      this.mistakes.push(isLine ? `${file}:${error.message}` : `${file}: ${fileProblem(error)}`)
    }
  }

  get #full(): boolean {
    return this.mistakes.length >= maximumMistakes
  }

  #readYaml(file: string): void {
    const text = readBoundedFile(file, maximumYamlBytes)
    if (text === null) {
      this.mistakes.push(`${file}: the file is larger than 128 KiB: put the devices into a .jsonl file`)
      return
    }
    const document = parseConfigDocument(text)
    for (const { position, message } of document.mistakes) this.mistakes.push(`${file}:${position.line}: ${message}`)
    if (document.mistakes.length > 0) return
    for (const { value, path } of devicesIn(document.value)) {
      if (this.#full) return
      const problem = this.#add(value, path.length === 0 ? nameOfFile(file) : null)
      if (problem === null) continue
      const { line } = document.position([...path, ...problem.path], null)
      this.mistakes.push(`${file}:${line}: ${problem.message}`)
    }
  }

  async #readJson(file: string): Promise<void> {
    let count = 0
    let only: JsonElement | null = null
    for await (const element of jsonElements(file)) {
      if (this.#full) return
      count++
      // Whether it is the only one, and the file named for it, is known when there is another.
      if (count === 1) only = element
      else {
        if (only !== null) this.#addElement(file, only, 1, null)
        only = null
        this.#addElement(file, element, count, null)
      }
      if (count % slice === 0) await setImmediate()
    }
    if (only !== null) this.#addElement(file, only, 1, nameOfFile(file))
  }

  #addElement(file: string, { text, line }: JsonElement, number: number, fallback: string | null): void {
    const place = `${file}:${line}: device ${number}`
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch (error) {
      this.mistakes.push(`${place}: ${error instanceof Error ? error.message : String(error)}`)
      return
    }
    for (const { value, path } of devicesIn(parsed)) {
      if (this.#full) return
      const problem = this.#add(value, path.length === 0 ? fallback : null)
      if (problem !== null) this.mistakes.push(`${place}: ${problem.message}`)
    }
  }

  #add(value: unknown, fallback: string | null): DeviceMistake | null {
    const device = readDevice(value, fallback)
    if ('message' in device) return { path: device.path, message: described(device) }
    const message = this.#take(device)
    if (message !== null) return { path: [], message }
    this.devices++
    return null
  }
}

/** A device, a list of devices, or a list that is called `devices` or `value`. */
function devicesIn(value: unknown): { readonly value: unknown; readonly path: readonly (string | number)[] }[] {
  if (value === null) return []
  const name = isFields(value) ? listName(value) : null
  const list: unknown = isFields(value) && name !== null ? value[name] : value
  if (!Array.isArray(list)) return list === null ? [] : [{ value: list, path: [] }]
  const start = name === null ? [] : [name]
  return list.map((item: unknown, index) => ({ value: item, path: [...start, index] }))
}

function listName(fields: Fields): string | null {
  return ['devices', 'value'].find((name) => Array.isArray(fields[name]) || fields[name] === null) ?? null
}

function described({ path, message }: DeviceMistake): string {
  const subject = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1, 80)
  return subject === '' ? message : `${subject} ${message}`
}

function nameOfFile(file: string): string {
  return basename(file, extname(file))
}
