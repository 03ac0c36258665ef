import type { Position } from './document.ts'
import type { Path } from './names.ts'
import { shown } from './problem.ts'
import { type Placed, readRuleFile } from './rule-file.ts'
import type { RuleMistakes } from './rule-mistakes.ts'
import { readRule } from './rule-reader.ts'
import { readSets } from './rule-sets.ts'
import type { RuleSpec } from './rule-spec.ts'
import { didYouMean } from './suggest.ts'

/** One rule of a file, and where its parts stand. */
export interface RuleEntry {
  readonly spec: RuleSpec
  /** The line it begins in, from 1. */
  readonly line: number
  position(path: Path, key: string | null): Position
}

const example = 'such as "rules: [{allow: publish, topic: status}]"'

/** Reads a YAML or JSON text of rules, one after the other. What is wrong with it is added to `mistakes`, and left out. */
export function* parseRules(text: string, file: string, mistakes: RuleMistakes): Iterable<RuleEntry> {
  const { head, items } = readRuleFile(text, 'rules', file, mistakes)
  const sets = readSets(headOf(head, file, items !== null, mistakes), (path, key, message) =>
    mistakes.add(file, head.position(path, key), message),
  )
  for (const placed of items ?? []) {
    if (mistakes.enough) break
    const spec = readRule(placed.value, sets, (path, key, message) =>
      mistakes.add(file, placed.position(path, key), message),
    )
    if (spec !== null) yield { spec, line: placed.line, position: (path, key) => placed.position(path, key) }
  }
}

/** The value of `sets`; says what else is wrong with the outermost of the file. */
function headOf(head: Placed, file: string, listed: boolean, mistakes: RuleMistakes): unknown {
  const { value } = head
  const say = (key: string | null, message: string) => mistakes.add(file, head.position([], key), message)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (!mistakes.enough) say(null, `the file has no rules; it must be a section "rules" with a list, ${example}`)
    return undefined
  }
  for (const key of Object.keys(value)) {
    if (key !== 'rules' && key !== 'sets') say(key, `unknown option ${shown(key)}${didYouMean(key, ['rules', 'sets'])}`)
  }
  if (!('rules' in value)) say(null, `the file has no "rules"; give a list, ${example}`)
  else if (!listed && value.rules !== null) say('rules', `rules must be a list, ${example}`)
  return 'sets' in value ? value.sets : undefined
}
