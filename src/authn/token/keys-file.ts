import { fileProblem, readBoundedFile } from '../../base/bounded-file.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { type Key, type KeySource, maximumKeys, sameKeys } from './keys.ts'

const maximumBytes = 1_048_576

interface Context {
  readonly log: Log
  readonly files: WatchedFiles
}

/**
 * Keys from files, which are read again when one of them changes. Changed files that cannot be used leave the keys as they
 * were.
 *
 * @throws BrokerError TOKEN_KEYS_UNUSABLE when one of them cannot be used at the start.
 */
export function openFileKeys(
  paths: readonly string[],
  parse: (text: string) => readonly Key[],
  context: Context,
): KeySource {
  return new FileKeys(paths, parse, context)
}

class FileKeys implements KeySource {
  keys: readonly Key[]
  readonly trouble = null
  readonly #paths: readonly string[]
  readonly #parse: (text: string) => readonly Key[]
  readonly #log: Log
  readonly #stops: readonly (() => void)[]
  #changed: () => void = () => {}

  constructor(paths: readonly string[], parse: (text: string) => readonly Key[], { log, files }: Context) {
    this.#paths = paths
    this.#parse = parse
    this.#log = log
    this.keys = this.#read()
    this.#stops = paths.map((path) => files.add(path, () => this.#reload(path)))
  }

  /** The files are watched: there is nothing newer. */
  async refresh(): Promise<void> {}

  watch(changed: () => void): void {
    this.#changed = changed
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop()
  }

  #reload(path: string): void {
    try {
      const keys = this.#read()
      if (sameKeys(keys, this.keys)) return
      this.keys = keys
      this.#log.info('token keys were read again', { file: path, keys: keys.length })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return this.#log.error('changed token keys cannot be used: those from before stay', { file: path, why })
    }
    this.#changed()
  }

  #read(): readonly Key[] {
    const keys = this.#paths.flatMap((path) => readKeys(path, this.#parse))
    if (keys.length <= maximumKeys) return keys
    throw new BrokerError('TOKEN_KEYS_UNUSABLE', `${this.#paths.join(', ')}: there are more than ${maximumKeys} keys`)
  }
}

function readKeys(path: string, parse: (text: string) => readonly Key[]): readonly Key[] {
  const text = readText(path)
  try {
    return parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new BrokerError('TOKEN_KEYS_UNUSABLE', `${path}: ${why}`)
  }
}

function readText(path: string): string {
  let text: string | null
  try {
    text = readBoundedFile(path, maximumBytes)
  } catch (error) {
    throw new BrokerError('TOKEN_KEYS_UNUSABLE', `${path}: ${fileProblem(error)}`)
  }
  if (text !== null) return text
  throw new BrokerError('TOKEN_KEYS_UNUSABLE', `${path}: it is larger than ${maximumBytes} bytes`)
}
