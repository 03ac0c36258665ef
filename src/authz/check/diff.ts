import type { Decision, Policy } from '../policy/policy.ts'
import type { Attempt } from './cases.ts'

/** Something that two policies answer differently. */
export interface Change {
  readonly attempt: Attempt
  readonly before: Decision
  readonly after: Decision
  /** `subscription` when both accept it, and one of them delivers everything it matches and the other does not. */
  readonly kind: 'allowed' | 'denied' | 'subscription'
}

/** Decides every attempt with both policies. */
export async function changesBetween(before: Policy, after: Policy, attempts: Iterable<Attempt>): Promise<Change[]> {
  const changes: Change[] = []
  for (const attempt of attempts) {
    const { subject, request } = attempt
    const one = await before.decide(subject, request)
    const two = await after.decide(subject, request)
    if (one.allowed !== two.allowed)
      changes.push({ attempt, before: one, after: two, kind: two.allowed ? 'allowed' : 'denied' })
    else if (one.allowed && one.whole !== two.whole)
      changes.push({ attempt, before: one, after: two, kind: 'subscription' })
  }
  return changes
}
