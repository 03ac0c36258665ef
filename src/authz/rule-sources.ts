import { BrokerError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { WatchedFiles } from '../base/watched-files.ts'
import { WatchedValue } from '../base/watched-value.ts'
import type { Rule } from './policy/rule.ts'
import type { Remark, RuleList, SourceTexts } from './policy/source.ts'
import type { RuleSource } from './rule-source.ts'
import { readTexts, sameTexts, settledTexts } from './source-files.ts'

interface Context {
  readonly log: Log
  readonly files: WatchedFiles
}

/** What a source said, and in which words. */
interface Reading {
  readonly texts: SourceTexts
  readonly list: RuleList
}

/** All sources together, in order, read again when their files change. */
export class RuleSources {
  readonly #sources: readonly RuleSource[]
  readonly #log: Log
  #changed: () => void = () => {}
  #readings: readonly WatchedValue<Reading>[] = []
  /** What `changed` was told of last. */
  #told: readonly Reading[] = []

  /** @throws BrokerError ACCESS_FILE_UNREADABLE or ACCESS_INVALID with the mistakes of all sources. */
  static async open(sources: readonly RuleSource[], context: Context): Promise<RuleSources> {
    const opened = new RuleSources(sources, context.log)
    await opened.#open(context.files)
    return opened
  }

  private constructor(sources: readonly RuleSource[], log: Log) {
    this.#sources = sources
    this.#log = log
  }

  /** `changed` is called when the rules are others than before: once for all files that changed together. */
  watch(changed: () => void): void {
    this.#changed = changed
  }

  get rules(): readonly Rule[] {
    return this.#readings.flatMap(({ value }) => value.list.rules)
  }

  get remarks(): readonly Remark[] {
    return this.#readings.flatMap(({ value }) => value.list.remarks)
  }

  /** The files are not looked at any more. */
  async close(): Promise<void> {
    for (const reading of this.#readings) await reading.close()
  }

  async #open(files: WatchedFiles): Promise<void> {
    const opening = this.#sources.map((source) =>
      WatchedValue.open<Reading>(
        {
          paths: source.files,
          read: (before) => readSource(source, before),
          done: (error) => this.#done(source, error),
        },
        files,
      ),
    )
    const results = await Promise.allSettled(opening)
    const readings = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const failures = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []))
    this.#readings = readings
    this.#told = readings.map(({ value }) => value)
    if (failures.length === 0) return
    for (const reading of readings) await reading.close()
    throw together(failures)
  }

  #done({ name }: RuleSource, error: unknown): void {
    if (error !== null)
      this.#log.error('access rules cannot be used: what they said before stays in force', {
        source: name,
        problem: error instanceof Error ? error.message : String(error),
      })
    if (this.#readings.some(({ stale }) => stale)) return
    const now = this.#readings.map(({ value }) => value)
    if (now.every((reading, index) => reading === this.#told[index])) return
    this.#told = now
    this.#changed()
  }
}

async function readSource({ files, read }: RuleSource, before: Reading | null): Promise<Reading> {
  const texts = before === null ? await readTexts(files) : await settledTexts(files)
  if (before !== null && sameTexts(texts, before.texts)) return before
  return { texts, list: read(texts) }
}

/** One error with the mistakes of all. */
function together(failures: readonly unknown[]): unknown {
  const errors = failures.filter((failure) => failure instanceof BrokerError)
  const [first] = errors
  if (first === undefined || errors.length < failures.length || errors.length === 1)
    return failures.find((failure) => !(failure instanceof BrokerError)) ?? first
  return new BrokerError(first.code, errors.map(({ message }) => message).join('\n'))
}
