import type { PolicyCase } from '../../config/policy-test-case.ts'
import type { Decision, Policy } from '../policy/policy.ts'
import { placeText, type Rule } from '../policy/rule.ts'
import { type Attempt, attemptOf } from './cases.ts'
import { Coverage } from './coverage.ts'

/** What came of a case that was to come out otherwise. */
export interface CaseFailure {
  readonly test: PolicyCase
  readonly attempt: Attempt
  readonly decision: Decision
  /** In words: `expected deny, was allowed`. */
  readonly what: string
}

export interface CaseResults {
  readonly failures: readonly CaseFailure[]
  readonly coverage: Coverage
}

/** Decides every case and compares what comes out with what is expected. */
export async function runCases(policy: Policy, cases: readonly PolicyCase[]): Promise<CaseResults> {
  const coverage = new Coverage(policy.rules)
  const failures: CaseFailure[] = []
  for (const test of cases) {
    const attempt = attemptOf(test)
    const decision = await policy.decide(attempt.subject, attempt.request)
    coverage.add(decision.rule)
    const what = whatFailed(test, decision)
    if (what !== null) failures.push({ test, attempt, decision, what })
  }
  return { failures, coverage }
}

function whatFailed({ expect, rule }: PolicyCase, { allowed, rule: decided }: Decision): string | null {
  const came = allowed ? 'allow' : 'deny'
  if (came !== expect) return `expected ${expect}, was ${allowed ? 'allowed' : 'denied'}`
  if (rule === null || (decided !== null && isCalled(decided, rule))) return null
  return `expected ${rule} to decide, ${decided === null ? 'no rule did' : `${placeText(decided.place)} did`}`
}

/** A rule is called by its place, with the folders of the file or without, or by the name it begins with. */
function isCalled({ place, text }: Rule, called: string): boolean {
  const written = placeText(place)
  return written === called || written.endsWith(`/${called}`) || text === called || text.startsWith(`${called}: `)
}
