import { checkHttpService, type HttpServiceSection } from './http-service-check.ts'
import type { Problem } from './problem.ts'

/** A section of an HTTP source of rules as far as its parts depend on each other. */
interface HttpAccessSection extends HttpServiceSection {
  readonly contract: 'decision' | 'form'
  readonly body: 'form' | 'json'
  readonly reply: 'status' | 'json' | 'text'
  readonly actions: readonly string[]
}

/** What is wrong with the section beyond the form of each value; places are told from the section on. */
export function checkHttpAccess(section: HttpAccessSection): Problem[] {
  const { contract, body, reply, actions } = section
  const problems = checkHttpService(section, 'who does what')
  if (contract === 'decision' && body !== 'form') problems.push(problem(['body'], 'is for contract: form only'))
  if (contract === 'decision' && reply !== 'status') problems.push(problem(['reply'], 'is for contract: form only'))
  if (contract === 'form' && actions.includes('connect'))
    problems.push(problem(['actions'], 'cannot have connect with contract: form, which knows topics only'))
  return problems
}

function problem(path: readonly (string | number)[], message: string): Problem {
  return { path, key: null, message }
}
