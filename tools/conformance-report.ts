import { type Specification, type Statement, specifications, tagsIn } from '../test/wire/statements.ts'

/** What became of one test. */
export interface Result {
  readonly title: string
  readonly file: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly why: string
}

type State = Result['state'] | 'untested'

/** A statement and what the tests tagged with it show: one failure is a failure, one pass without failure a proof. */
export interface Proof {
  readonly statement: Statement
  readonly state: State
  readonly tests: readonly Result[]
}

export interface Verdict {
  readonly name: string
  readonly proofs: readonly Proof[]
  /** The testable ones that are not proved. */
  readonly open: readonly Proof[]
}

export function judge(results: readonly Result[]): readonly Verdict[] {
  const byTag = new Map<string, Result[]>()
  for (const result of results) {
    for (const tag of tagsIn(result.title)) byTag.set(tag, [...(byTag.get(tag) ?? []), result])
  }
  return specifications().map((specification) => judgeOne(specification, byTag))
}

function judgeOne({ name, statements }: Specification, byTag: ReadonlyMap<string, readonly Result[]>): Verdict {
  const proofs = statements.map((statement) => {
    const tests = byTag.get(statement.tag) ?? []
    return { statement, state: stateOf(tests), tests }
  })
  return {
    name,
    proofs,
    open: proofs.filter(({ statement, state }) => statement.kind !== 'none' && state !== 'passed'),
  }
}

function stateOf(tests: readonly Result[]): State {
  if (tests.some(({ state }) => state === 'failed')) return 'failed'
  if (tests.some(({ state }) => state === 'passed')) return 'passed'
  return tests.length > 0 ? 'skipped' : 'untested'
}

export function print(verdicts: readonly Verdict[], results: readonly Result[], target: string): void {
  const count = (state: State): number => results.filter((result) => result.state === state).length
  console.log(`${target}: ${count('passed')} wire tests passed, ${count('failed')} failed, ${count('skipped')} skipped`)
  for (const verdict of verdicts) printVerdict(verdict)
  printFailures(results)
  printUnknown(results)
}

const headings: readonly (readonly [heading: string, has: (statement: Statement) => boolean])[] = [
  ['statements about the server', ({ kind, tag }) => kind === 'server' && !tag.includes('§')],
  ['statements about the client, seen in the server’s answer', ({ kind }) => kind === 'mirror'],
  ['rules of the text without an id', ({ kind, tag }) => kind === 'server' && tag.includes('§')],
]

function printVerdict({ name, proofs, open }: Verdict): void {
  console.log(`\n${name}`)
  for (const [heading, has] of headings) {
    const own = proofs.filter(({ statement }) => has(statement))
    const passed = own.filter(({ state }) => state === 'passed')
    console.log(
      `  ${String(passed.length).padStart(3)} of ${own.length} ${heading} have a passing test and no failing one`,
    )
  }
  for (const { statement, state, tests } of open) {
    console.log(
      `    ${state.padEnd(8)} [${statement.tag}] ${statement.area}${state === 'skipped' ? `: ${tests[0]?.why}` : ''}`,
    )
  }
  for (const { statement, state } of proofs) {
    if (statement.kind !== 'none' && state === 'passed' && statement.why !== '')
      console.log(`    remark   [${statement.tag}] ${statement.why}`)
  }
  const none = proofs.filter(({ statement }) => statement.kind === 'none')
  console.log(`  ${String(none.length).padStart(3)} cannot be shown by bytes to and from a server`)
  for (const { statement, state } of none) {
    const besides = state === 'passed' ? ' (a test shows the server’s side)' : ''
    console.log(`    [${statement.tag}] ${statement.why}${besides}`)
  }
}

function printFailures(results: readonly Result[]): void {
  const failed = results.filter(({ state }) => state === 'failed')
  if (failed.length > 0) console.log('\nFailing tests')
  for (const { title, file, why } of failed) console.log(`  ${title}\n    ${file}: ${why.split('\n')[0]}`)
}

function printUnknown(results: readonly Result[]): void {
  const known = new Set(specifications().flatMap(({ statements }) => statements.map(({ tag }) => tag)))
  const unknown = new Set(
    results.flatMap(({ title }) => tagsIn(title)).filter((tag) => !tag.includes('§') && !known.has(tag)),
  )
  for (const tag of unknown) console.log(`\n[${tag}] is in a title, but no specification has it`)
}
