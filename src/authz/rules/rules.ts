import { RuleMistakes } from '../../config/rule-mistakes.ts'
import { parseRules } from '../../config/rules.ts'
import type { Rule } from '../policy/rule.ts'
import type { Remark, RuleList, SourceTexts } from '../policy/source.ts'
import { RuleCompiler } from './rule-compiler.ts'

/**
 * Rules in the form of this broker: YAML or JSON, of which the first that matches decides.
 *
 *     rules:
 *       - allow: publish
 *         topic: dt/{user}/#
 *
 * @throws BrokerError ACCESS_INVALID with the mistakes of all files, a line for each.
 */
export function readRules(texts: SourceTexts): RuleList {
  const mistakes = new RuleMistakes()
  const rules: Rule[] = []
  const remarks: Remark[] = []
  for (const [file, text] of texts) {
    const compiler = new RuleCompiler(file, mistakes)
    for (const entry of parseRules(text, file, mistakes)) {
      const rule = compiler.compile(entry)
      if (rule !== null) rules.push(rule)
    }
    remarks.push(...compiler.remarks)
  }
  mistakes.check()
  return { rules, remarks }
}
