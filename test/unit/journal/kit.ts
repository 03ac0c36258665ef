import { setImmediate as turn } from 'node:timers/promises'
import type { JournalEvent } from '../../../src/engine/ports.ts'
import type { JournalDisk, JournalFile, StoredFile } from '../../../src/journal/disk.ts'
import type { JournalEntry } from '../../../src/journal/entry.ts'
import { decodeLine } from '../../../src/journal/line.ts'

type Denied = Extract<JournalEvent, { kind: 'denied' }>
type Refused = Extract<JournalEvent, { kind: 'refused' }>

export function denied(clientId: string, topic = 't', changes: Partial<Denied> = {}): Denied {
  const where = { listener: 'l', address: '192.0.2.1' }
  const what = { action: 'publish', topic, qos: 0, detail: 'no rule allows it', rule: '' } as const
  return { kind: 'denied', clientId, identity: clientId, ...where, ...what, ...changes }
}

export function refused(clientId: string, address = '192.0.2.9', changes: Partial<Refused> = {}): Refused {
  const cause = { reason: 0x86, detail: 'nobody knows these credentials', rule: '' }
  return { kind: 'refused', clientId, identity: clientId, listener: 'l', address, ...cause, ...changes }
}

export function connected(clientId: string): JournalEvent {
  const where = { listener: 'l', address: '192.0.2.1' }
  return {
    kind: 'connected',
    clientId,
    identity: clientId,
    ...where,
    method: 'password',
    version: 5,
    sessionPresent: false,
  }
}

export function disconnected(
  clientId: string,
  lastPackets: readonly string[] = ['PINGREQ'],
  duration = 1_000,
): JournalEvent {
  const where = { listener: 'l', address: '192.0.2.1' }
  const why = { by: 'server', reason: 0x8d, detail: 'nothing heard for 15 seconds' } as const
  return { kind: 'disconnected', clientId, identity: clientId, ...where, ...why, lastPackets, duration }
}

export function dropped(clientId: string, topic: string, count: number): JournalEvent {
  return { kind: 'dropped', clientId, identity: clientId, topic, qos: 1, why: 'queue full', count }
}

/** A disk in memory that can fail, be full or stand still. */
export class FaultyDisk implements JournalDisk {
  readonly files = new Map<string, { bytes: Buffer; modified: number }>()
  readonly #now: () => number
  /** What fails from now on. */
  failing: 'write' | 'sync' | 'open' | null = null
  /** Bytes it has room for. */
  room = Number.POSITIVE_INFINITY
  writes = 0
  syncs = 0
  #held: Promise<void> = Promise.resolve()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Writes stand still until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = promise
    return resolve
  }

  get size(): number {
    let sum = 0
    for (const { bytes } of this.files.values()) sum += bytes.length
    return sum
  }

  /** All entries on the disk, and how many lines are none. */
  read(): { readonly entries: readonly JournalEntry[]; readonly damaged: number } {
    const entries: JournalEntry[] = []
    let damaged = 0
    for (const name of [...this.files.keys()].sort()) {
      for (const line of (this.files.get(name)?.bytes.toString() ?? '').split('\n')) {
        const entry = line === '' ? null : decodeLine(Buffer.from(line))
        if (entry !== null) entries.push(entry)
        else if (line !== '') damaged++
      }
    }
    return { entries, damaged }
  }

  async prepare(): Promise<void> {
    if (this.failing === 'open') throw new Error('EROFS: read-only file system')
  }

  async list(): Promise<readonly StoredFile[]> {
    return [...this.files].map(([name, { bytes, modified }]) => ({ name, size: bytes.length, modified }))
  }

  async open(_directory: string, name: string): Promise<JournalFile> {
    if (this.failing === 'open') throw new Error('EROFS: read-only file system')
    const file = this.files.get(name) ?? { bytes: Buffer.alloc(0), modified: this.#now() }
    this.files.set(name, file)
    return {
      write: async (bytes) => {
        await this.#held
        if (this.failing === 'write') throw new Error('EIO: input/output error')
        const taken = bytes.subarray(0, Math.max(0, this.room - this.size))
        this.writes++
        file.bytes = Buffer.concat([file.bytes, taken])
        file.modified = this.#now()
        if (taken.length < bytes.length) throw new Error('ENOSPC: no space left on device')
      },
      sync: async () => {
        this.syncs++
        if (this.failing === 'sync') throw new Error('EIO: input/output error')
      },
      truncate: async (size) => {
        file.bytes = file.bytes.subarray(0, size)
      },
      close: async () => {},
    }
  }

  async remove(_directory: string, name: string): Promise<void> {
    this.files.delete(name)
  }
}

/** Lets what was begun on a disk in memory come to its end. */
export async function settled(): Promise<void> {
  for (let times = 0; times < 50; times++) await turn()
}
