import { type Attempt, attemptOf } from '../authz/check/cases.ts'
import { type Change, changesBetween } from '../authz/check/diff.ts'
import { examplesOf } from '../authz/check/examples.ts'
import { Failure, usageExitCode } from './failure.ts'
import { type PolicyFile, readCases, readPolicyFile } from './policy.ts'
import { attemptsOfJournal } from './policy-journal.ts'
import type { PolicyForm } from './policy-kinds.ts'
import { attemptText, counted, decisionText, printLines } from './policy-text.ts'

export interface PolicyDiffOptions extends PolicyForm {
  readonly cases?: string
  readonly journal?: string
}

const shownChanges = 1_000

/** Prints what two policies answer differently, and which rule each goes by. */
export async function diffPolicies(before: string, after: string, options: PolicyDiffOptions): Promise<void> {
  if (options.cases !== undefined && options.journal !== undefined)
    throw new Failure('say --cases or --journal, not both', usageExitCode)
  const old = await readPolicyFile(before, options.as)
  try {
    const current = await readPolicyFile(after, options.as)
    try {
      await compare(old, current, options)
    } finally {
      current.close()
    }
  } finally {
    old.close()
  }
}

async function compare(old: PolicyFile, current: PolicyFile, options: PolicyDiffOptions): Promise<void> {
  const { attempts, from, notes } = await attemptsOf(old, current, options)
  const changes = await changesBetween(old.policy, current.policy, attempts)
  for (const change of changes.slice(0, shownChanges)) printLines(changeLines(change))
  if (changes.length > shownChanges) printLines([`and ${changes.length - shownChanges} more`])
  printLines([...notes, `${counted(attempts.length, 'attempt')} ${from}: ${summary(changes)}`])
}

interface Asked {
  readonly attempts: readonly Attempt[]
  /** Where they are from, in words. */
  readonly from: string
  readonly notes: readonly string[]
}

async function attemptsOf(old: PolicyFile, current: PolicyFile, { cases, journal }: PolicyDiffOptions): Promise<Asked> {
  if (cases !== undefined)
    return { attempts: (await readCases([cases])).map(attemptOf), from: `of ${cases}`, notes: [] }
  if (journal !== undefined) return await attemptsOfJournal(journal)
  const { attempts, without, omitted } = examplesOf([...old.policy.rules, ...current.policy.rules])
  const notes = [
    'nobody said what to ask: made up from the rules, and not all there is; --cases or --journal ask better',
  ]
  if (without.length > 0) notes.push(`${counted(without.length, 'rule')} had conditions that no client was made up for`)
  if (omitted > 0) notes.push(`${counted(omitted, 'rule')} were left out: there were enough`)
  return { attempts, from: 'made up from the rules', notes }
}

function changeLines({ attempt, before, after, kind }: Change): string[] {
  const what = { allowed: 'now allowed', denied: 'now denied', subscription: 'delivers other messages' }[kind]
  return [
    `${attemptText(attempt)}: ${what}`,
    `  before: ${decisionText(before, attempt)}`,
    `  after:  ${decisionText(after, attempt)}`,
  ]
}

function summary(changes: readonly Change[]): string {
  if (changes.length === 0) return 'no answer changes'
  const count = (wanted: Change['kind']) => changes.filter(({ kind }) => kind === wanted).length
  const parts = [
    [count('allowed'), 'allowed'],
    [count('denied'), 'denied'],
    [count('subscription'), 'with other deliveries'],
  ] as const
  const words = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} now ${word}`)
  return `${counted(changes.length, 'answer changes', 'answers change')}: ${words.join(', ')}`
}
