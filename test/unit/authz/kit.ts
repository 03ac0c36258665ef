import type { Log } from '../../../src/base/log.ts'
import type { Client, Identity } from '../../../src/engine/ports.ts'

const peer = { transport: 'tcp', address: '192.0.2.7', port: 50_000, loopback: false, tls: null } as const

/** A client that proved its name by a password, unless something else is said. */
export function clientOf(id: string, identity: Partial<Identity>): Client {
  return { id, identity: { name: '', method: 'password', ...identity }, version: 5, listener: 'l', peer }
}

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that keeps its lines. */
export class NotedLog implements Log {
  readonly lines: Line[] = []

  #wanted = Number.POSITIVE_INFINITY
  #reached: () => void = () => {}

  /** Resolves when there are so many lines in all. */
  until(count: number): Promise<void> {
    if (this.lines.length >= count) return Promise.resolve()
    this.#wanted = count
    return new Promise((reached) => (this.#reached = reached))
  }

  debug(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#note('debug', message, fields)
  }

  info(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#note('info', message, fields)
  }

  warn(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#note('warn', message, fields)
  }

  error(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#note('error', message, fields)
  }

  #note(level: string, message: string, fields: Line['fields']): void {
    this.lines.push({ level, message, fields })
    if (this.lines.length >= this.#wanted) this.#reached()
  }
}
