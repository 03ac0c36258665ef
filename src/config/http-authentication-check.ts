import {
  checkFormOnly,
  checkHttpService,
  type FormSection,
  type HttpServiceSection,
  problem,
} from './http-service-check.ts'
import type { Problem } from './problem.ts'

/** A section of HTTP authentication as far as its parts depend on each other. */
interface HttpAuthenticationSection extends HttpServiceSection, FormSection {
  readonly contract: 'webhook' | 'form'
  readonly methods: readonly string[]
}

/** What is wrong with the section beyond the form of each value; places are told from the section on. */
export function checkHttpAuthentication(section: HttpAuthenticationSection): Problem[] {
  const { contract, methods } = section
  const problems = checkHttpService(section, 'the passwords')
  if (contract === 'webhook') problems.push(...checkFormOnly(section))
  if (contract === 'form' && methods.length > 0) problems.push(problem(['methods'], 'is for contract: webhook only'))
  return problems
}
