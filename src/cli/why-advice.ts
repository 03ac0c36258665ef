import type { StoredEvent } from '../journal/entry.ts'
import type { Advice, AdviceContext } from './why-cause.ts'
import { connectionAdvice } from './why-connections.ts'
import { deniedAdvice, droppedAdvice } from './why-messages.ts'

/** What to change so that an event does not happen again; null when there is nothing to change. */
export function adviceFor(event: StoredEvent, context: AdviceContext): Advice | null {
  switch (event.kind) {
    case 'denied':
    case 'unsubscribed':
      return deniedAdvice(event, context)
    case 'dropped':
      return droppedAdvice(event)
    case 'refused':
    case 'disconnected':
      return connectionAdvice(event, context)
    case 'lost':
      return { cause: 'journal-behind', text: 'The disk did not take the journal in time: see the log of the broker.' }
    default:
      return null
  }
}
