import { readNeededFile } from '../../base/bounded-file.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { WatchedValueSync } from '../../base/watched-value-sync.ts'
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
  readonly trouble = null
  readonly #log: Log
  readonly #keys: WatchedValueSync<readonly Key[]>
  #changed: () => void = () => {}

  constructor(paths: readonly string[], parse: (text: string) => readonly Key[], { log, files }: Context) {
    this.#log = log
    const read = (before: readonly Key[] | null) => {
      const keys = readKeys(paths, parse)
      return before !== null && sameKeys(keys, before) ? before : keys
    }
    this.#keys = new WatchedValueSync({ paths, read, done: (...result) => this.#done(...result) }, files)
  }

  get keys(): readonly Key[] {
    return this.#keys.value
  }

  /** The files are watched: there is nothing newer. */
  async refresh(): Promise<void> {}

  watch(changed: () => void): void {
    this.#changed = changed
  }

  async close(): Promise<void> {
    this.#keys[Symbol.dispose]()
  }

  #done(error: BrokerError | null, keys: readonly Key[], file: string): void {
    if (error !== null)
      return this.#log.error('changed token keys cannot be used: those from before stay', { file, why: error.message })
    this.#log.info('token keys were read again', { file, keys: keys.length })
    this.#changed()
  }
}

function readKeys(paths: readonly string[], parse: (text: string) => readonly Key[]): readonly Key[] {
  const keys = paths.flatMap((path) => readKeysOf(path, parse))
  if (keys.length <= maximumKeys) return keys
  throw new BrokerError('TOKEN_KEYS_UNUSABLE', `${paths.join(', ')}: there are more than ${maximumKeys} keys`)
}

function readKeysOf(path: string, parse: (text: string) => readonly Key[]): readonly Key[] {
  const text = readNeededFile(path, maximumBytes, 'TOKEN_KEYS_UNUSABLE')
  try {
    return parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new BrokerError('TOKEN_KEYS_UNUSABLE', `${path}: ${why}`)
  }
}
