import { existsSync } from 'node:fs'
import { loadConfig } from '../config/load.ts'
import { parseDuration } from '../config/quantity.ts'
import { closest } from '../config/suggest.ts'
import type { JournalEntry, StoredEvent } from '../journal/entry.ts'
import { journalDirectory } from '../journal/open.ts'
import { type JournalCriteria, type JournalReading, readJournal, scanJournal } from '../journal/read.ts'
import { Failure, usageExitCode } from './failure.ts'
import { adviceFor } from './why-advice.ts'
import type { AdviceContext } from './why-cause.ts'
import { Troubles, troublesText } from './why-summary.ts'
import { entriesText } from './why-text.ts'
import { durationText, pasted, shown } from './why-words.ts'

/** The options of `petaltail why`. */
export interface WhyOptions {
  readonly config?: string
  readonly store?: string
  readonly since?: string
  readonly limit: number
  readonly json?: boolean
}

/** Client identifiers of the journal that are looked at for one that was meant. */
const maximumIds = 100_000
const day = 86_400

/** Prints what happened to one client, or what went wrong most often. */
export async function why(clientId: string | undefined, options: WhyOptions): Promise<void> {
  const directory = directoryOf(options)
  const context = { config: options.config === undefined ? null : pasted(options.config) }
  if (clientId === undefined) await summary(directory, options, context)
  else await ofClient(directory, clientId, options, context)
}

function directoryOf({ config: file, store }: WhyOptions): string {
  if (store !== undefined && file !== undefined) throw new Failure('say --config or --store, not both', usageExitCode)
  const directory = journalDirectory(store ?? configuredStore(file))
  if (!existsSync(directory))
    throw new Failure(
      `there is no journal in ${directory}: check --config or --store; a broker makes it when it starts`,
    )
  return directory
}

function configuredStore(file: string | undefined): string {
  const { store, journal } = loadConfig({ file, environment: process.env })
  if (store.kind === 'memory')
    throw new Failure('the store of this configuration is in memory, and there is no journal on disk: see store.kind')
  if (!journal.enabled) throw new Failure('this configuration says journal.enabled: false, and so nothing was kept')
  return store.path
}

async function ofClient(
  directory: string,
  clientId: string,
  options: WhyOptions,
  context: AdviceContext,
): Promise<void> {
  const criteria = criteriaOf(clientId, sinceOf(options, null))
  const reading = await readJournal(directory, criteria, options.limit)
  if (reading.entries.length === 0) throw new Failure(await nothingOf(directory, clientId, options))
  const entries = await withStarts(directory, reading.entries)
  if (options.json === true) return printJson({ clientId, ...reading, entries }, context)
  const left = reading.more ? `Older entries are left out; --limit ${options.limit * 5} shows more.\n` : ''
  print(`${left}${entriesText(entries, context)}${damageText(reading.damaged)}`)
}

/** A broker that crashed could not say that its connections ended: its next start does. */
async function withStarts(directory: string, entries: readonly JournalEntry[]): Promise<readonly JournalEntry[]> {
  const began = entries[0]?.last ?? 0
  const criteria = { ...criteriaOf(null, began), kinds: new Set<StoredEvent['kind']>(['started']) }
  const { entries: starts } = await readJournal(directory, criteria, 1_000)
  const all = [...entries, ...starts].sort((a, b) => a.last - b.last)
  return all.filter(({ event }, index) => event.kind !== 'started' || all[index - 1]?.event.kind === 'connected')
}

async function nothingOf(directory: string, clientId: string, options: WhyOptions): Promise<string> {
  const ids = new Set<string>()
  await scanJournal(directory, criteriaOf(null, 0), ({ event }) => {
    if ('clientId' in event && event.clientId !== '' && ids.size < maximumIds) ids.add(event.clientId)
  })
  const which = shown(clientId)
  if (ids.has(clientId))
    return `the journal has nothing of ${which} in the last ${options.since ?? ''}; leave --since out`
  return `the journal has nothing of a client ${which}${nearText(clientId, ids)}`
}

function nearText(clientId: string, ids: ReadonlySet<string>): string {
  const near: string[] = []
  const left = new Set(ids)
  for (let found = closest(clientId, left); found !== null && near.length < 3; found = closest(clientId, left)) {
    near.push(found)
    left.delete(found)
  }
  for (const id of left) {
    if (near.length >= 5) break
    if (clientId.length >= 3 && id.toLowerCase().includes(clientId.toLowerCase())) near.push(id)
  }
  return near.length === 0 ? '' : `, but of ${near.map(shown).join(', ')}`
}

async function summary(directory: string, options: WhyOptions, context: AdviceContext): Promise<void> {
  const troubles = new Troubles(context)
  const since = sinceOf(options, day)
  const damaged = await scanJournal(directory, criteriaOf(null, since), (entry) => troubles.add(entry))
  const most = troubles.most(options.limit)
  if (options.json === true) {
    print(JSON.stringify({ since, troubles: most, damaged }))
    return
  }
  const span = durationText(Date.now() - since)
  if (most.length === 0) return print(`Nothing was refused or dropped in the last ${span}.${damageText(damaged)}`)
  const title = `Refused, dropped or cut off in the last ${span}, the most frequent first:\n\n`
  print(
    `${title}${troublesText(most)}\n\npetaltail why CLIENT tells more of one, and what to change.${damageText(damaged)}`,
  )
}

function criteriaOf(clientId: string | null, since: number): JournalCriteria {
  return { clientId, since, until: Number.POSITIVE_INFINITY, kinds: null }
}

/** Wall-clock milliseconds since which is told; `initial` seconds ago unless an option says otherwise. */
function sinceOf({ since }: WhyOptions, initial: number | null): number {
  if (since === undefined) return initial === null ? 0 : Date.now() - initial * 1_000
  const seconds = parseDuration(since)
  if (seconds === null) throw new Failure(`--since: "${since}" is no duration such as 90s, 1h or 7d`, usageExitCode)
  return Date.now() - seconds * 1_000
}

function printJson(
  { clientId, entries, more, damaged }: JournalReading & { clientId: string },
  context: AdviceContext,
) {
  const advised = entries.map((entry) => ({ ...entry, advice: adviceFor(entry.event, context) }))
  print(JSON.stringify({ clientId, entries: advised, more, damaged }))
}

function damageText(damaged: number): string {
  return damaged === 0 ? '' : `\n\n${damaged} lines of the journal are damaged and were left out.`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
