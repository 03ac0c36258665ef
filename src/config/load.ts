import { fileProblem, readBoundedFile } from '../base/bounded-file.ts'
import { BrokerError } from '../base/errors.ts'
import { type ConfigDocument, parseConfigDocument } from './document.ts'
import { type Environment, readEnvironment, type Setting } from './environment.ts'
import { interpret } from './interpret.ts'
import { defaultListenerUrls } from './listeners.ts'
import { type Path, pathText } from './names.ts'
import type { Problem } from './problem.ts'
import { type Config, configSchema } from './schema.ts'
import { validate } from './validate.ts'

/** Where a configuration comes from; each source overrules those above it. */
export interface ConfigSources {
  /** Path of a YAML file. */
  readonly file?: string | undefined
  /** Variables such as `PETALTAIL_LIMITS_MAXIMUM_PACKET_SIZE`, and `…_FILE` for values kept in a file. */
  readonly environment?: Environment | undefined
  readonly commandLine?: CommandLine | undefined
}

/** The options that `petaltail start` takes; `undefined` for those not given. */
export interface CommandLine {
  readonly listen?: readonly string[] | undefined
  readonly store?: string | undefined
  readonly allowAnonymous?: boolean | undefined
  readonly logLevel?: string | undefined
}

// The YAML parser takes quadratic time for some senseless texts: seconds at this size, many minutes at 1 MiB.
const maximumFileBytes = 131_072

/**
 * Reads and checks a configuration.
 *
 * Throws a `BrokerError` CONFIG_FILE_UNREADABLE, or CONFIG_INVALID with every mistake on a line of its own.
 */
export function loadConfig(sources: ConfigSources): Config {
  const mistakes: string[] = []
  const problems: Problem[] = []
  const document = sources.file === undefined ? null : parseConfigDocument(readConfigFile(sources.file))
  for (const { position, message } of document?.mistakes ?? []) {
    mistakes.push(`${sources.file}:${position.line}:${position.column}: ${message}`)
  }
  const settings = [
    ...readEnvironment(sources.environment ?? {}, mistakes),
    ...commandLineSettings(sources.commandLine ?? {}),
  ]
  const candidate = overlay(interpret(configSchema, document?.value ?? null, [], problems), settings)
  const config = validate(candidate, problems)
  const places = new Places(sources.file ?? null, document, settings)
  for (const problem of problems) mistakes.push(places.line(problem))
  if (config === null || mistakes.length > 0) throw new BrokerError('CONFIG_INVALID', mistakes.join('\n'))
  return config
}

function readConfigFile(file: string): string {
  let text: string | null
  try {
    text = readBoundedFile(file, maximumFileBytes)
  } catch (error) {
    throw new BrokerError('CONFIG_FILE_UNREADABLE', `${file}: ${fileProblem(error)}`, { cause: error })
  }
  if (text === null) throw new BrokerError('CONFIG_INVALID', `${file}: the file is larger than 128 KiB`)
  return text
}

function commandLineSettings(given: CommandLine): Setting[] {
  const settings: Setting[] = []
  if (given.listen !== undefined) settings.push({ path: ['listeners'], value: given.listen, origin: '--listen' })
  if (given.store === 'memory') settings.push({ path: ['store', 'kind'], value: 'memory', origin: '--store' })
  else if (given.store !== undefined)
    settings.push(
      { path: ['store', 'kind'], value: 'disk', origin: '--store' },
      { path: ['store', 'path'], value: given.store, origin: '--store' },
    )
  if (given.allowAnonymous !== undefined)
    settings.push({ path: ['allowAnonymous'], value: given.allowAnonymous, origin: '--allow-anonymous' })
  if (given.logLevel !== undefined)
    settings.push({ path: ['log', 'level'], value: given.logLevel, origin: '--log-level' })
  return settings
}

function overlay(base: unknown, settings: readonly Setting[]): unknown {
  if (!isObject(base)) return base
  for (const { path, value } of settings) {
    const whole = path.length === 1 && path[0] === 'listeners'
    put(base, path, whole && Array.isArray(value) ? value.map((url: unknown) => ({ url })) : value)
  }
  const listeners: unknown = Reflect.get(base, 'listeners')
  if (listeners === undefined || (Array.isArray(listeners) && listeners.length === 0)) {
    Reflect.set(
      base,
      'listeners',
      defaultListenerUrls.map((url) => ({ url })),
    )
  }
  return base
}

function put(section: object, path: Path, value: unknown): void {
  let at = section
  for (let i = 0; i < path.length - 1; i++) {
    const step = path[i] ?? 0
    const present: unknown = Reflect.get(at, step)
    const next: object = isObject(present) ? present : typeof path[i + 1] === 'number' ? [] : {}
    Reflect.set(at, step, next)
    at = next
  }
  Reflect.set(at, path.at(-1) ?? '', value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Says where a problem is: in which line of the file, in which variable, or on the command line. */
class Places {
  readonly #file: string | null
  readonly #document: ConfigDocument | null
  readonly #settings: readonly Setting[]

  constructor(file: string | null, document: ConfigDocument | null, settings: readonly Setting[]) {
    this.#file = file
    this.#document = document
    this.#settings = settings
  }

  line(problem: Problem): string {
    const subject = pathText(problem.path)
    const origin = this.#settings.findLast((setting) => begins(setting.path, problem.path))
    if (origin !== undefined) return `${origin.origin}: ${problem.message}`
    const message = problem.key !== null || subject === '' ? problem.message : `${subject} ${problem.message}`
    if (this.#document === null) return `configuration: ${message}`
    const { line, column } = this.#document.position(problem.path, problem.key)
    return `${this.#file}:${line}:${column}: ${message}`
  }
}

function begins(start: Path, path: Path): boolean {
  return start.length <= path.length && start.every((step, index) => step === path[index])
}
