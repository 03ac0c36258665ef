import { backupStore, type Copied, compactStore } from '../store/backup.ts'
import { tableNames } from '../store/records.ts'
import { restoreStore } from '../store/restore.ts'
import { type Survey, survey } from '../store/survey.ts'
import { Failure } from './failure.ts'

/** Prints what is in each table; fails with what is wrong. */
export async function checkStore(directory: string): Promise<void> {
  const found = await survey(directory)
  const wrong = found.findings.length > 0
  print([`${directory}: ${wrong ? 'damaged' : 'ok'}`, ...tableLines(found)])
  if (wrong) throw new Failure([...found.findings, advice].join('\n'))
}

const advice = 'a broker that is started with this store moves it aside and keeps what can be read'

/** Prints how large a store is, and what is in it. */
export async function describeStore(directory: string): Promise<void> {
  const found = await survey(directory)
  const count = (table: (typeof tableNames)[number]) => whole(found.tables[tableNames.indexOf(table)].right)
  const { bytes, free, pageSize, position, lastCommit } = found
  const commit = lastCommit === 0 ? 'none' : `${new Date(lastCommit).toISOString()}, number ${whole(position)}`
  print([
    field('store', directory),
    field('state', stateOf(found)),
    field('layout', String(found.layout ?? 'unknown')),
    field('last commit', commit),
    field('file', `${size(bytes)}, ${size(free * pageSize)} of it free`),
    field('sessions', count('sessions')),
    field('queued messages', whole(found.queued)),
    field('retained messages', count('retained')),
    ...tableLines(found),
  ])
  if (found.findings.length > 0) throw new Failure(`${directory} is damaged: "petaltail store check" says how`)
}

export async function backUp(directory: string, target: string): Promise<void> {
  const copied = await backupStore(directory, target)
  print([`${target}: ${contents(copied)}, ${size(copied.after)}`])
}

export async function restore(from: string, directory: string, force: boolean): Promise<void> {
  const { movedTo, audit } = await restoreStore(from, directory, force)
  print([`${directory}: ${contents({ audit })}`])
  if (movedTo !== null) print([`the store that was there is now in ${movedTo}`])
}

export async function compact(directory: string): Promise<void> {
  const { before, after } = await compactStore(directory)
  print([`${directory}: ${size(before)} before, ${size(after)} now`])
}

function stateOf({ holder }: Survey): string {
  if (holder === null) return 'closed'
  return holder === '' ? 'open' : `open in process ${holder}`
}

function contents({ audit }: Pick<Copied, 'audit'>): string {
  const count = (name: (typeof tableNames)[number]) => whole(audit.tables[tableNames.indexOf(name)].right)
  return `${count('sessions')} sessions, ${count('retained')} retained messages, ${count('blocks')} blocks of messages`
}

function tableLines({ tables }: Survey): readonly string[] {
  const rows = tables.map(({ expected, right, bytes }, table) => {
    const missing =
      expected === null ? 'unknown how many' : expected > right ? `${whole(expected - right)} missing` : ''
    return `  ${tableNames[table].padEnd(18)}${whole(right).padStart(12)}${size(bytes).padStart(12)}  ${missing}`.trimEnd()
  })
  return [`  ${'table'.padEnd(18)}${'entries'.padStart(12)}${'size'.padStart(12)}`, ...rows]
}

function field(name: string, value: string): string {
  return `${name.padEnd(20)}${value}`
}

function whole(count: number): string {
  return count.toLocaleString('en-US')
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

function size(bytes: number): string {
  let unit = 0
  let amount = bytes
  for (; amount >= 1_024 && unit < units.length - 1; unit++) amount /= 1_024
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
