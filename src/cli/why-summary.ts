import type { JournalEntry, StoredEvent } from '../journal/entry.ts'
import { adviceFor } from './why-advice.ts'
import type { AdviceContext } from './why-cause.ts'
import { eventText } from './why-text.ts'
import { shown } from './why-words.ts'

/** Trouble that is told apart; what is beyond is left out, the rarest first. */
const maximumTroubles = 20_000

/** Trouble of one kind that one client, or address, had. */
export interface Trouble {
  readonly clientId: string
  readonly cause: string | null
  /** The latest of it. */
  event: StoredEvent
  count: number
  first: number
  last: number
}

/** Adds up refusals, denials and drops of all clients. */
export class Troubles {
  readonly #found = new Map<string, Trouble>()
  readonly #context: AdviceContext

  constructor(context: AdviceContext) {
    this.#context = context
  }

  add({ event, first, last, count }: JournalEntry): void {
    if (!isTrouble(event)) return
    const clientId = 'clientId' in event ? event.clientId : ''
    const cause = adviceFor(event, this.#context)?.cause ?? null
    const key = [clientId, event.kind, cause ?? '', clientId === '' && 'address' in event ? event.address : ''].join(
      '\n',
    )
    const known = this.#found.get(key)
    if (known === undefined) {
      if (this.#found.size >= maximumTroubles) this.#thin()
      this.#found.set(key, { clientId, cause, event, count, first, last })
      return
    }
    if (last >= known.last) known.event = event
    known.count += count
    known.first = Math.min(known.first, first)
    known.last = Math.max(known.last, last)
  }

  /** The most frequent first. */
  most(limit: number): readonly Trouble[] {
    return [...this.#found.values()].sort((a, b) => b.count - a.count || b.last - a.last).slice(0, limit)
  }

  #thin(): void {
    const all = [...this.#found].sort(([, a], [, b]) => b.count - a.count)
    for (const [key] of all.slice(maximumTroubles / 2)) this.#found.delete(key)
  }
}

/** A line for each, and what it was the last time. */
export function troublesText(troubles: readonly Trouble[]): string {
  const width = Math.max(...troubles.map(({ count }) => String(count).length))
  return troubles
    .map(({ clientId, event, count }) => {
      const who = clientId === '' ? 'no client id' : shown(clientId)
      return `${String(count).padStart(width)}  ${who}  ${event.kind}: ${eventText(event, count)}`
    })
    .join('\n')
}

function isTrouble(event: StoredEvent): boolean {
  switch (event.kind) {
    case 'connected':
    case 'started':
      return false
    case 'disconnected':
      return event.by !== 'client'
    case 'others':
      return event.of !== 'connected' && event.of !== 'disconnected'
    default:
      return true
  }
}
