import { setImmediate as turn } from 'node:timers/promises'
import type { Answer, Authenticator, Authorizer, Exchange, ExchangeStep } from '../../src/index.ts'
import { Reason } from '../../src/index.ts'
import type { Random } from './random.ts'

/** The enhanced authentication method that is known. */
export const knownMethod = 'dance'

/** Every fourth answer comes late, and now and then none comes: a connection may change or end while it waits. */
async function late<T>(random: Random, answer: T, fails: boolean): Promise<T> {
  for (let turns = 1 + random.below(3); turns > 0; turns--) await turn()
  if (fails) throw new Error('nobody could be asked')
  return answer
}

function maybeLate<T>(random: Random, answer: T, mayFail: boolean): Answer<T> {
  return random.once(4) ? late(random, answer, mayFail && random.once(10)) : answer
}

/** Everyone is let in, often late; with the known method after some steps back and forth. */
export function slowAuthenticator(random: Random): Authenticator {
  return {
    authenticate: ({ clientId }) => {
      const identity = { name: '', method: 'anonymous' }
      return maybeLate(random, random.once(40) && !isCanary(clientId) ? 'refused' : identity, !isCanary(clientId))
    },
    begin: (method) => (method === knownMethod ? dance(random) : null),
  }
}

function dance(random: Random): Exchange {
  let steps = random.below(3)
  const next = (data: Buffer | null): ExchangeStep => {
    if (steps-- > 0) return { kind: 'continue', data }
    if (random.once(5)) return { kind: 'failure', reason: Reason.NotAuthorized, detail: 'a false step' }
    return { kind: 'success', identity: { name: random.once(5) ? 'other' : '', method: knownMethod }, data }
  }
  return { step: (data) => maybeLate(random, next(data), true) }
}

/** Nobody may publish to `//`-topics or subscribe to them; everything is decided late now and then. */
export function slowAuthorizer(random: Random): Authorizer {
  return {
    decide: ({ id }, _action, topic) =>
      maybeLate(random, { allowed: !topic.includes('//'), why: 'two slashes' }, !isCanary(id)),
  }
}

function isCanary(clientId: string): boolean {
  return clientId.startsWith('canary')
}
