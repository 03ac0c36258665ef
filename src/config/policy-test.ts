import type { Path } from './names.ts'
import { type PolicyCase, readCase } from './policy-test-case.ts'
import { type CaseWho, readWho } from './policy-test-who.ts'
import { shown } from './problem.ts'
import { type Placed, readRuleFile } from './rule-file.ts'
import type { RuleMistakes } from './rule-mistakes.ts'
import { didYouMean } from './suggest.ts'

/** Reads a YAML or JSON text of cases. What is wrong with it is added to `mistakes`, and left out. */
export function parsePolicyCases(text: string, file: string, mistakes: RuleMistakes): PolicyCase[] {
  const { head, items } = readRuleFile(text, 'cases', file, mistakes)
  const known = readHead(head, items !== null, file, mistakes)
  const cases: PolicyCase[] = []
  for (const placed of items ?? []) {
    if (mistakes.enough) break
    const report = (path: Path, key: string | null, message: string) =>
      mistakes.add(file, placed.position(path, key), message)
    const lineOf = (path: Path) => `${file}:${placed.position(path, null).line}`
    for (const each of readCase(placed.value, known, lineOf, report)) cases.push(each)
  }
  return cases
}

/** Clients that cases refer to by name. */
function readHead(head: Placed, listed: boolean, file: string, mistakes: RuleMistakes): ReadonlyMap<string, CaseWho> {
  const known = new Map<string, CaseWho>()
  const { value } = head
  const report = (path: Path, key: string | null, message: string) =>
    mistakes.add(file, head.position(path, key), message)
  if (typeof value !== 'object' || value === null || !('cases' in value)) {
    if (!mistakes.enough) report([], null, 'the file has no "cases"; give a list of them')
    return known
  }
  if (!listed && value.cases !== null) report([], 'cases', 'cases must be a list')
  for (const key of Object.keys(value))
    if (key !== 'cases' && key !== 'who')
      report([], key, `unknown option ${shown(key)}${didYouMean(key, ['cases', 'who'])}`)
  const section: unknown = 'who' in value ? value.who : {}
  if (typeof section !== 'object' || section === null || Array.isArray(section)) {
    report(['who'], null, 'who must be a section with a client for each name')
    return known
  }
  for (const [name, client] of Object.entries(section)) known.set(name, readWho(client, ['who', name], report))
  return known
}
