import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Message, never } from '../../../src/engine/message.ts'
import { Acknowledgements } from '../../../src/store/acknowledgements.ts'
import { Batch } from '../../../src/store/batch.ts'
import { BlockEncoder } from '../../../src/store/block-encoder.ts'
import { dataFile } from '../../../src/store/files.ts'
import { GrowingBlock } from '../../../src/store/growing-block.ts'
import { blockKey, numberKey, receivedKey, retainedKey, subscriptionKey } from '../../../src/store/keys.ts'
import { type OpenedStore, openStoreDirectory, type StoreOptions } from '../../../src/store/open-store.ts'
import { Step, Table, tableNames } from '../../../src/store/records.ts'
import { encodeRetained } from '../../../src/store/retained-record.ts'
import { encodeReceived, encodeSession, encodeSubscription, encodeWill } from '../../../src/store/session-record.ts'
import type { Entry, Tables } from '../../../src/store/tables.ts'
import { TopicNames } from '../../../src/topic/name.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

const names = new TopicNames({ maximumTopicBytes: 65_535, maximumTopicLevels: 10_000 })
const clock = new FakeClock()

/** A folder for a store, removed when the scope ends. */
export class StoreFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'petaltail-files-'))

  get data(): string {
    return join(this.path, dataFile)
  }

  async open(options: Partial<StoreOptions> = {}): Promise<OpenedStore> {
    return await openStoreDirectory(this.path, { early: false, ...options })
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export type Contents = Readonly<Record<string, readonly string[]>>

/** How much is put into a store. */
export interface Amount {
  readonly sessions: number
  readonly blocks: number
  readonly retained: number
}

const ordinary: Amount = { sessions: 300, blocks: 120, retained: 400 }

/** Makes a store with entries of all kinds, and returns what is in it. */
export async function fill(folder: StoreFolder, amount = ordinary): Promise<Contents> {
  const { tables } = await folder.open()
  await fillTables(tables, amount)
  const contents = contentsOf(tables)
  await tables.close()
  return contents
}

export async function fillTables(tables: Tables, { sessions, blocks, retained }: Amount): Promise<void> {
  const apply = async (put: (batch: Batch) => void): Promise<void> => {
    const batch = new Batch()
    put(batch)
    await tables.apply(batch.seal(tables.last().position + 1, 1_700_000_000_000)).synced
  }
  for (let first = 1; first <= sessions; first += 50)
    await apply((batch) => {
      for (let number = first; number < first + 50 && number <= sessions; number++) putSession(batch, number)
    })
  for (let block = 1; block <= blocks; block++)
    await apply((batch) => putBlock(batch, block, (block * 2_999) % 90_000, 1 + (block % sessions)))
  for (let first = 1; first <= retained; first += 40)
    await apply((batch) => {
      for (let number = first; number < first + 40 && number <= retained; number++) putRetained(batch, number)
    })
}

function putSession(batch: Batch, number: number): void {
  const clientId = `client-${number}`
  const record = {
    number,
    clientId,
    principal: '',
    expiryInterval: 3_600,
    leftAt: 1_700_000_000_000,
    perhapsSent: false,
  }
  const key = numberKey(number)
  batch.put(Table.Sessions, key, encodeSession(key, record))
  for (const filter of [`a/${number}/#`, 'b/+', `${'long/'.repeat(300)}${number}`]) {
    const subscription = { filter, qos: 1, noLocal: false, retainAsPublished: false, identifier: 0 } as const
    const key = subscriptionKey(number, filter)
    batch.put(Table.Subscriptions, key, encodeSubscription(key, subscription))
  }
  const received = receivedKey(number, 7)
  batch.put(Table.Received, received, encodeReceived(received))
  if (number % 10 === 0) batch.put(Table.Wills, numberKey(number), willOf(number, clientId))
}

function willOf(number: number, clientId: string): Buffer {
  const rest = { delay: 5, expiryInterval: -1, dueAt: 0, actor: '', properties: null, retain: false } as const
  const will = { number, clientId, topic: 'w', qos: 1, payload: Buffer.alloc(number * 50, 'will'), ...rest } as const
  return encodeWill(numberKey(number), will)
}

function putBlock(batch: Batch, block: number, size: number, session: number): void {
  const growing = new GrowingBlock()
  const message = messageOf('a/b', Buffer.alloc(size, `block ${block},`))
  growing.begin(message, 0)
  for (let receiver = 0; receiver < 3; receiver++) growing.add(session + receiver, 1, false, 0, null, null)
  const key = blockKey(block)
  batch.put(Table.Blocks, key, new BlockEncoder().encode(key, growing))
  if (block === 1) return
  const acknowledgements = new Acknowledgements()
  acknowledgements.add(block - 1, 0, Step.Settled, 0)
  acknowledgements.complete(batch)
}

function putRetained(batch: Batch, number: number): void {
  putMessage(batch, `r/${number % 7}/${number}`, Buffer.alloc((number * 37) % 9_000, `${number} `))
}

export function putMessage(batch: Batch, topic: string, payload: Buffer): void {
  const key = retainedKey(topic)
  batch.put(Table.Retained, key, encodeRetained(key, messageOf(topic, payload), clock))
}

function messageOf(topic: string, payload: Buffer): Message {
  const name = names.of(topic)
  if (name === null) throw new Error('no topic')
  return new Message(name, 1, true, null, never, 'publisher', payload, 0, payload.length)
}

/** Everything in the tables: the beginning of each key, and hashes. */
export function contentsOf(tables: Tables): Contents {
  const contents: Record<string, readonly string[]> = {}
  for (const table of Object.values(Table)) contents[tableNames[table]] = rowsOf(tables, table)
  return contents
}

function rowsOf(tables: Tables, table: Table): readonly string[] {
  const rows: string[] = []
  let from: Buffer = Buffer.alloc(0)
  for (;;) {
    const entries = tables.scan(table, from, rows.length > 0, 100)
    const last = entries.at(-1)
    if (last === undefined) return rows
    rows.push(...entries.map(rowOf))
    from = last.key
  }
}

function rowOf({ key, value }: Entry): string {
  const hash = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex').slice(0, 16)
  return `${key.toString('hex', 0, 20)} ${hash(key)} ${hash(value)}`
}

export function counts(contents: Contents): Record<string, number> {
  return Object.fromEntries(Object.entries(contents).map(([name, rows]) => [name, rows.length]))
}
