import { accessSources } from './access-schema.ts'
import { checkHttpAccess } from './http-access-check.ts'
import { fileName } from './names.ts'
import type { Problem } from './problem.ts'
import type { AccessConfig, Config } from './schema.ts'

export type AccessSourceConfig = AccessConfig['sources'][number]

type Kind = keyof typeof accessSources

const kinds = Object.keys(accessSources).filter(isKind)

/** What logs call a source. */
export function accessSourceName(source: AccessSourceConfig): string {
  const { name, http } = source
  return name ?? (http === undefined ? null : addressOf(http.url)) ?? filesOf(source)[0] ?? kindOf(source)
}

/** The files a source is made of. */
export function filesOf(source: AccessSourceConfig): readonly string[] {
  const { rules, mosquittoAcl, orderedRules, rolePatterns, topicSpaces } = source
  const single = rules ?? mosquittoAcl ?? orderedRules ?? rolePatterns
  return single === undefined ? (topicSpaces?.files ?? []) : [single.file]
}

/** Which subscriptions are accepted, where that is said and where it is not. */
export function subscriptionsOf({ sources, subscriptions }: AccessConfig): 'contained' | 'overlapping' | 'any' {
  if (subscriptions !== undefined) return subscriptions
  const likeMosquitto = sources.length > 0 && sources.every(({ mosquittoAcl }) => mosquittoAcl !== undefined)
  return likeMosquitto ? 'any' : 'contained'
}

/** What is wrong with the sources of rules beyond the form of each value. */
export function checkAccess({ access }: Pick<Config, 'access'>): Problem[] {
  return (access?.sources ?? []).flatMap((source, index) =>
    checkSections(source).map((problem) => ({ ...problem, path: ['access', 'sources', index, ...problem.path] })),
  )
}

function checkSections(source: AccessSourceConfig): Problem[] {
  const given = kinds.filter((kind) => source[kind] !== undefined)
  const { http } = source
  if (given.length === 1)
    return http === undefined
      ? []
      : checkHttpAccess(http).map((problem) => ({ ...problem, path: ['http', ...problem.path] }))
  const message = `needs exactly one of the sections ${words(kinds)}, not ${given.length === 0 ? 'none' : words(given, ' and ')}`
  return [{ path: [], key: null, message }]
}

/** A URL without what stands behind `?`: keys are often there. */
function addressOf(text: string): string {
  const url = URL.parse(text)
  return url === null ? text : `${url.origin}${url.pathname}`
}

function words(names: readonly string[], between = ', '): string {
  return names.map(fileName).join(between)
}

function kindOf(source: AccessSourceConfig): string {
  return fileName(kinds.find((kind) => source[kind] !== undefined) ?? '')
}

function isKind(word: string): word is Kind {
  return Object.hasOwn(accessSources, word)
}
