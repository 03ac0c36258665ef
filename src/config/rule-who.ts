import type { Path } from './names.ts'
import { shown } from './problem.ts'
import type { Sets } from './rule-sets.ts'
import {
  type AttributeSpec,
  type CertificateSpec,
  certificateFields,
  type ListFact,
  type ListSpec,
  listFacts,
  type MatchSpec,
  matchFacts,
  type WhoSpec,
} from './rule-spec.ts'
import { type Report, textsOf } from './rule-texts.ts'
import { didYouMean } from './suggest.ts'

/** What rules and `unless` may have of conditions. */
export const whoKeys: ReadonlySet<string> = new Set([
  ...listFacts.flatMap((fact) => [fact, plural(fact)]),
  'anonymous',
  'attributes',
  'certificate',
  'matches',
])

type Section = ReadonlyMap<string, unknown>

/** Reads the conditions in a section, which stands at `path`. */
export function readWho(section: Section, path: readonly string[], sets: Sets, report: Report): WhoSpec {
  return {
    lists: listFacts.flatMap((fact) => readList(section, fact, path, sets, report)),
    anonymous: readAnonymous(section, path, report),
    attributes: readAttributes(section.get('attributes'), [...path, 'attributes'], report),
    certificate: readCertificate(section.get('certificate'), [...path, 'certificate'], report),
    matches: readMatches(section.get('matches'), [...path, 'matches'], report),
  }
}

function plural(fact: ListFact): string {
  return fact === 'address' ? 'addresses' : `${fact}s`
}

function readList(section: Section, fact: ListFact, path: readonly string[], sets: Sets, report: Report): ListSpec[] {
  const many = plural(fact)
  const key = section.has(many) ? many : fact
  if (!section.has(key)) return []
  if (section.has(fact) && section.has(many)) report(path, fact, `give either "${fact}" or "${many}"`)
  const given = textsOf(section.get(key), [...path, key], key, report)
  const values = given === null ? null : sets.expand(given)
  if (typeof values === 'string') report([...path, key], null, values)
  return values === null || typeof values === 'string' ? [] : [{ fact, values, at: { section: path, key } }]
}

function readAnonymous(section: Section, path: Path, report: Report): boolean | null {
  const value = section.get('anonymous')
  if (value === undefined || typeof value === 'boolean') return value ?? null
  report([...path, 'anonymous'], null, `anonymous must be true or false, not ${shown(value)}`)
  return null
}

/** The names and values of a section in a rule. */
function partsOf(value: unknown, path: readonly string[], example: string, report: Report): [string, unknown][] {
  if (value === undefined) return []
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    if (Object.keys(value).length === 0) report(path, null, `${path.at(-1)} must not be empty`)
    return Object.entries(value)
  }
  report(path, null, `${path.at(-1)} must be a section such as ${example}, not ${shown(value)}`)
  return []
}

function readAttributes(value: unknown, section: readonly string[], report: Report): AttributeSpec[] {
  const specs: AttributeSpec[] = []
  for (const [attribute, test] of partsOf(value, section, '{area: north}', report)) {
    const at = { section, key: attribute }
    if (isTest(test)) specs.push({ attribute, test, at })
    else if (typeof test === 'boolean')
      report(section, attribute, `${attribute} must be a text, a whole number or a list of them: put ${test} in quotes`)
    else report(section, attribute, `${attribute} must be a text, a whole number or a list of them, not ${shown(test)}`)
  }
  return specs
}

function isTest(value: unknown): value is AttributeSpec['test'] {
  const single = (item: unknown) => (typeof item === 'string' && item !== '') || Number.isSafeInteger(item)
  return Array.isArray(value) ? value.length > 0 && value.every(single) : single(value)
}

function readCertificate(value: unknown, section: readonly string[], report: Report): CertificateSpec[] {
  const specs: CertificateSpec[] = []
  for (const [key, given] of partsOf(value, section, '{common_name: pump-7}', report)) {
    const field = certificateFields.find((known) => known === key)
    const values = field === undefined ? null : textsOf(given, [...section, key], key, report)
    if (field === undefined) report(section, key, unknown(key, certificateFields))
    else if (values !== null) specs.push({ field, values, at: { section, key } })
  }
  return specs
}

function readMatches(value: unknown, section: readonly string[], report: Report): MatchSpec[] {
  const specs: MatchSpec[] = []
  for (const [key, expression] of partsOf(value, section, "{user: 'dev-[0-9]+'}", report)) {
    const fact = matchFacts.find((known) => known === key)
    if (fact === undefined) report(section, key, unknown(key, matchFacts))
    else if (typeof expression === 'string') specs.push({ fact, expression, at: { section, key } })
    else report(section, key, `${key} must be a regular expression, not ${shown(expression)}`)
  }
  return specs
}

function unknown(key: string, known: readonly string[]): string {
  return `unknown option ${shown(key)}${didYouMean(key, known) || `; it must be one of ${known.join(', ')}`}`
}
