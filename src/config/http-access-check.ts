import {
  checkFormOnly,
  checkHttpService,
  type FormSection,
  type HttpServiceSection,
  problem,
} from './http-service-check.ts'
import type { Problem } from './problem.ts'

/** A section of an HTTP source of rules as far as its parts depend on each other. */
interface HttpAccessSection extends HttpServiceSection, FormSection {
  readonly contract: 'decision' | 'form'
  readonly actions: readonly string[]
}

/** What is wrong with the section beyond the form of each value; places are told from the section on. */
export function checkHttpAccess(section: HttpAccessSection): Problem[] {
  const { contract, actions } = section
  const problems = checkHttpService(section, 'who does what')
  if (contract === 'decision') problems.push(...checkFormOnly(section))
  if (contract === 'form' && actions.includes('connect'))
    problems.push(problem(['actions'], 'cannot have connect with contract: form, which knows topics only'))
  return problems
}
