import { lint } from '../authz/check/lint.ts'
import { writtenRules } from '../authz/policy/rule.ts'
import type { Remark } from '../authz/policy/source.ts'
import { Failure } from './failure.ts'
import { readPolicyFile } from './policy.ts'
import { knownAttributes } from './policy-attributes.ts'
import type { PolicyForm } from './policy-kinds.ts'
import { counted, printLines } from './policy-text.ts'

export interface PolicyLintOptions extends PolicyForm {
  readonly strict?: boolean
}

/** Prints what is probably not meant so, a line each. */
export async function lintPolicy(file: string, { as, strict }: PolicyLintOptions): Promise<void> {
  const { policy, remarks, config, close } = await readPolicyFile(file, as)
  close()
  const attributes = config === null ? null : await knownAttributes(config)
  const found = lint(policy.rules, attributes)
  const all = [...remarks, ...found.remarks].map((remark, index) => ({ ...remark, index })).toSorted(inOrder)
  printLines(all.map(({ file: where, line, text }) => `${line === 0 ? where : `${where}:${line}`}: ${text}`))
  if (found.partial) printLines(['there are so many rules that not every one was compared with all before it'])
  const count = counted(writtenRules(policy.rules).length, 'rule')
  printLines([all.length === 0 ? `${count}: nothing to say` : `${count}: ${counted(all.length, 'remark')}`])
  if (strict === true && all.length > 0) throw new Failure('')
}

/** By line within a file; files, and remarks about one line, as they came. */
function inOrder(a: Remark & { readonly index: number }, b: Remark & { readonly index: number }): number {
  return a.file === b.file && a.line !== b.line ? a.line - b.line : a.index - b.index
}
