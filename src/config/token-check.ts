import type { Problem } from './problem.ts'

/** One step of the path of a claim: plain, or in quotes where it has dots, slashes or spaces. */
const step = /(?:"[^"]+"|[^."/\s]+)/
const claimPath = new RegExp(`^${step.source}(?:\\.${step.source})*$`)
const noPath = 'must be the path of a claim, such as a.b, with quotes around names with . / or spaces'

/** A token section as far as its parts depend on each other. */
export interface TokenSection {
  readonly password: boolean
  readonly methods: readonly string[]
  readonly keys: TokenKeysSection
  readonly issuers: readonly string[]
  readonly anyIssuer: boolean
  readonly audiences: readonly string[]
  readonly anyAudience: boolean
  readonly requiredClaims: readonly string[]
  readonly name: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly attributes: readonly { readonly name: string; readonly claim?: string }[]
  readonly permissions?: { readonly publish?: string; readonly subscribe?: string }
}

export interface TokenKeysSection {
  readonly discovery?: string
  readonly jwksUrl?: string
  readonly jwksFile?: string
  readonly files: readonly string[]
  readonly ca?: string
  readonly allowHttp: boolean
}

/** What is wrong with a token section beyond the form of each value; places are told from the section on. */
export function checkToken(section: TokenSection): Problem[] {
  return [...checkKeys(section.keys), ...checkTrust(section), ...checkPaths(section)]
}

/** The path of a claim in the form of {@link checkToken}, in its steps: `a."b.c"` is `a`, `b.c`. */
export function stepsOf(path: string): readonly string[] {
  return (path.match(new RegExp(step.source, 'g')) ?? []).map((part) => part.replace(/^"(.*)"$/, '$1'))
}

/** Why keys must not be fetched from this URL, or null. */
export function keyUrlMistake(text: string, allowHttp: boolean): string | null {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'must be an https:// URL'
  if (url.username !== '' || url.password !== '') return 'must not have a user name or password in it'
  if (url.hash !== '') return 'must not have a # in it'
  if (url.protocol === 'https:' || allowHttp || isLoopbackUrl(url)) return null
  return 'must be an https:// URL: over http anybody on the way could change the keys (allow_http, if that is meant)'
}

/** A URL of this machine. */
export function isLoopbackUrl(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname)
}

function checkKeys(keys: TokenKeysSection): Problem[] {
  const { discovery, jwksUrl, jwksFile, files, ca, allowHttp } = keys
  const remote = discovery ?? jwksUrl
  const given =
    [discovery, jwksUrl, jwksFile].filter((source) => source !== undefined).length + Math.min(files.length, 1)
  if (given !== 1)
    return [problem(['keys'], `needs ${given === 0 ? '' : 'only '}one of discovery, jwks_url, jwks_file and files`)]
  if (remote === undefined)
    return ca === undefined ? [] : [problem(['keys', 'ca'], 'is for discovery and jwks_url only')]
  const mistake = keyUrlMistake(remote, allowHttp)
  const query = discovery !== undefined && remote.includes('?') ? 'must not have a ? in it' : null
  const message = mistake ?? query
  return message === null ? [] : [problem(['keys', discovery === undefined ? 'jwksUrl' : 'discovery'], message)]
}

function checkTrust(section: TokenSection): Problem[] {
  const { issuers, anyIssuer, audiences, anyAudience, keys, password, methods } = section
  const problems: Problem[] = []
  if (issuers.length === 0 && !anyIssuer && keys.discovery === undefined)
    problems.push(problem(['issuers'], 'needs at least one, or say any_issuer: true'))
  if (issuers.length > 0 && anyIssuer) problems.push(problem(['anyIssuer'], 'makes no sense with issuers'))
  if (audiences.length === 0 && !anyAudience)
    problems.push(problem(['audiences'], 'needs at least one, or say any_audience: true'))
  if (audiences.length > 0 && anyAudience) problems.push(problem(['anyAudience'], 'makes no sense with audiences'))
  if (!password && methods.length === 0)
    problems.push(problem(['methods'], 'needs at least one where tokens are not taken as passwords'))
  return problems
}

function checkPaths(section: TokenSection): Problem[] {
  const { name, roles, groups, requiredClaims, attributes, permissions = {} } = section
  const lists = { roles, groups, requiredClaims, attributes: attributes.map(pathOf) }
  const problems = claimPath.test(name) ? [] : [problem(['name'], noPath)]
  for (const [option, paths] of Object.entries(lists)) {
    for (const [index, path] of paths.entries())
      if (!claimPath.test(path)) problems.push(problem([option, index], noPath))
  }
  for (const [option, path] of Object.entries(permissions))
    if (!claimPath.test(path)) problems.push(problem(['permissions', option], noPath))
  return problems
}

/** The path of the claim of an attribute; that of one that has the name of the attribute, unless it is said. */
export function pathOf({ name, claim }: { readonly name: string; readonly claim?: string }): string {
  return claim ?? `"${name}"`
}

function problem(path: readonly (string | number)[], message: string): Problem {
  return { path, key: null, message }
}
