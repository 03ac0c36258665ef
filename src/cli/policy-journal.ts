import { existsSync } from 'node:fs'
import { type Attempt, attemptOf } from '../authz/check/cases.ts'
import { readWho } from '../config/policy-test-who.ts'
import type { JournalEvent } from '../engine/ports.ts'
import type { StoredEvent } from '../journal/entry.ts'
import { scanJournal } from '../journal/read.ts'
import { Failure, usageExitCode } from './failure.ts'

const mostAttempts = 100_000

/** What clients wanted to do, as the journal of a broker has it: connects that came about, and what was refused. */
export async function attemptsOfJournal(
  directory: string,
): Promise<{ readonly attempts: readonly Attempt[]; readonly from: string; readonly notes: readonly string[] }> {
  if (!existsSync(directory)) throw new Failure(`there is no journal in ${directory}`, usageExitCode)
  const attempts = new Map<string, Attempt>()
  const criteria = { clientId: null, since: 0, until: Number.POSITIVE_INFINITY, kinds }
  const damaged = await scanJournal(directory, criteria, ({ event }) => {
    const attempt = attempts.size < mostAttempts ? attemptIn(event) : null
    if (attempt === null) return
    const { user, clientId, client } = attempt.subject
    const { action, topic, qos } = attempt.request
    attempts.set(JSON.stringify([user, clientId, client.listener, client.peer.address, action, topic, qos]), attempt)
  })
  const notes = ['the journal has names, but no roles, groups and attributes: rules about those are not met']
  if (damaged > 0) notes.push(`${damaged} lines of the journal were not as they were written`)
  return { attempts: [...attempts.values()], from: `of ${directory}`, notes }
}

const kinds: ReadonlySet<JournalEvent['kind']> = new Set(['connected', 'denied', 'unsubscribed'])

function attemptIn(event: StoredEvent): Attempt | null {
  if (event.kind === 'connected') return attempt(event, 'connect', '', 0, event.method)
  if (event.kind === 'denied') return attempt(event, event.action, event.topic, event.qos, null)
  if (event.kind !== 'unsubscribed') return null
  return attempt({ ...event, listener: '', address: '' }, 'subscribe', event.topic, 0, null)
}

interface Who {
  readonly clientId: string
  readonly identity: string
  readonly listener: string
  readonly address: string
}

function attempt(
  { clientId, identity, listener, address }: Who,
  action: Attempt['request']['action'],
  topic: string,
  qos: 0 | 1 | 2,
  method: string | null,
): Attempt {
  const anonymous = identity === '' || method === 'anonymous'
  const who = {
    client: clientId,
    listener,
    address,
    ...(anonymous ? {} : { user: identity }),
    ...(method === null ? {} : { method }),
  }
  return attemptOf({
    name: null,
    rule: null,
    place: '',
    who: readWho(who, [], () => {}),
    action,
    topic,
    qos,
    retain: false,
  })
}
