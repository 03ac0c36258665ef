import type { Coverage } from '../authz/check/coverage.ts'
import { type CaseFailure, runCases } from '../authz/check/run-cases.ts'
import { explain } from '../authz/policy/explain.ts'
import type { Policy } from '../authz/policy/policy.ts'
import { placeText } from '../authz/policy/rule.ts'
import { Failure } from './failure.ts'
import { readCases, readPolicyFile } from './policy.ts'
import type { PolicyForm } from './policy-kinds.ts'
import { attemptText, counted, decisionText, printLines } from './policy-text.ts'

export interface PolicyTestOptions extends PolicyForm {
  readonly config: string
  readonly coverage?: number
}

const shownFailures = 100
const shownRules = 50

/** Decides the cases of files and prints what did not come out as expected, and which rules decided nothing. */
export async function testPolicy(files: readonly string[], options: PolicyTestOptions): Promise<void> {
  const cases = await readCases(files)
  const { policy, close } = await readPolicyFile(options.config, options.as)
  try {
    const { failures, coverage } = await runCases(policy, cases)
    for (const failure of failures.slice(0, shownFailures)) printLines(await failureLines(policy, failure))
    if (failures.length > shownFailures) printLines([`and ${failures.length - shownFailures} more`])
    const percent = Math.floor(coverage.percent)
    printLines([
      ...coverageLines(coverage),
      `${counted(cases.length, 'case')}, ${failures.length} failed; ${coverage.decided} of ${counted(coverage.total, 'rule')} decided one (${percent} %)`,
    ])
    if (failures.length > 0) throw new Failure('')
    if (options.coverage !== undefined && coverage.percent < options.coverage)
      throw new Failure(`${percent} % of the rules decided a case, and it must be ${options.coverage} %`)
  } finally {
    close()
  }
}

async function failureLines(policy: Policy, { test, attempt, decision, what }: CaseFailure): Promise<string[]> {
  const name = test.name === null ? '' : `${test.name}: `
  const lines = [`${test.place}: ${name}${attemptText(attempt)}: ${what}`, `  ${decisionText(decision, attempt)}`]
  if (decision.allowed) return lines
  const { nearest } = await explain(policy, attempt.subject, attempt.request)
  return nearest === null
    ? lines
    : [...lines, `  nearest: ${nearest.rule.place}: ${nearest.rule.text}`, `    ${nearest.why}`]
}

function coverageLines(coverage: Coverage): string[] {
  const { silent } = coverage
  const lines = silent.slice(0, shownRules).map((rule) => `${placeText(rule.place)}: decided no case: ${rule.text}`)
  return silent.length > shownRules ? [...lines, `and ${silent.length - shownRules} more`] : lines
}
