import { checkHttpService, type HttpServiceSection } from './http-service-check.ts'
import type { Problem } from './problem.ts'

/** A section of HTTP authentication as far as its parts depend on each other. */
interface HttpAuthenticationSection extends HttpServiceSection {
  readonly contract: 'webhook' | 'form'
  readonly body: 'form' | 'json'
  readonly reply: 'status' | 'json' | 'text'
  readonly methods: readonly string[]
}

/** What is wrong with the section beyond the form of each value; places are told from the section on. */
export function checkHttpAuthentication(section: HttpAuthenticationSection): Problem[] {
  const { contract, body, reply, methods } = section
  const problems = checkHttpService(section, 'the passwords')
  if (contract === 'webhook' && body !== 'form') problems.push(problem(['body'], 'is for contract: form only'))
  if (contract === 'webhook' && reply !== 'status') problems.push(problem(['reply'], 'is for contract: form only'))
  if (contract === 'form' && methods.length > 0) problems.push(problem(['methods'], 'is for contract: webhook only'))
  return problems
}

function problem(path: readonly (string | number)[], message: string): Problem {
  return { path, key: null, message }
}
