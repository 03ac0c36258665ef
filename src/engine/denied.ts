import type { Damper } from '../base/damper.ts'
import type { Log } from '../base/log.ts'
import type { Qos } from '../packet/types.ts'
import type { Actor } from './actor.ts'
import type { Action, Journal, Verdict } from './ports.ts'

interface Recorders {
  readonly journal: Journal
  readonly log: Log
  /** How many lines the log can bear. */
  readonly denials: Damper
}

/** Records that the rules do not allow something; as many are logged as the log can bear. */
export function denied(to: Recorders, actor: Actor, action: Action, topic: string, qos: Qos, verdict: Verdict): void {
  const { id: clientId, identity, listener, peer } = actor
  const { why: detail, rule = '' } = verdict
  const { name } = identity
  const { address } = peer
  to.journal.record({ kind: 'denied', clientId, identity: name, listener, address, action, topic, qos, detail, rule })
  const unlogged = to.denials.admit()
  if (unlogged !== null)
    to.log.warn(`${action} denied`, { clientId, identity: name, address, topic, why: detail, unlogged })
}
