import { shown } from './problem.ts'
import { type Report, textsOf } from './rule-texts.ts'
import { didYouMean } from './suggest.ts'

/** A client as a case describes it; what is not said, nobody knows. */
export interface CaseWho {
  readonly client: string
  /** Null for a client that proved nothing. */
  readonly user: string | null
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>
  readonly listener: string
  readonly address: string
  readonly method: string
  readonly commonName: string | null
  readonly issuer: string
  /** The topic filters that came with the identity, null where none did. */
  readonly permissions: { readonly publish: readonly string[]; readonly subscribe: readonly string[] } | null
}

const listKeys = ['role', 'roles', 'group', 'groups'] as const
const textKeys = ['client', 'user', 'listener', 'address', 'method', 'common_name', 'issuer'] as const
const keys: readonly string[] = [...listKeys, ...textKeys, 'attributes', 'permissions']

/** Reads the description of a client, which stands at `path`. */
export function readWho(value: unknown, path: readonly string[], report: Report): CaseWho {
  const section = new Map(sectionOf(value, path, report))
  for (const key of section.keys())
    if (!keys.includes(key)) report(path, key, `unknown option ${shown(key)}${didYouMean(key, keys)}`)
  const list = (...names: readonly string[]) =>
    names.flatMap((name) =>
      section.has(name) ? (textsOf(section.get(name), [...path, name], name, report) ?? []) : [],
    )
  const text = (name: string) => (section.has(name) ? textOf(section.get(name), [...path, name], name, report) : null)
  const user = text('user')
  const commonName = text('common_name')
  return {
    client: text('client') ?? user ?? 'client',
    user,
    roles: list('role', 'roles'),
    groups: list('group', 'groups'),
    attributes: attributesOf(section.get('attributes'), [...path, 'attributes'], report),
    listener: text('listener') ?? '',
    address: text('address') ?? '127.0.0.1',
    method: text('method') ?? (user === null ? 'anonymous' : commonName === null ? 'password' : 'certificate'),
    commonName,
    issuer: text('issuer') ?? '',
    permissions: permissionsOf(section.get('permissions'), [...path, 'permissions'], report),
  }
}

function sectionOf(value: unknown, path: readonly string[], report: Report): [string, unknown][] {
  if (value === undefined) return []
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
  report(path, null, `${path.join('.')} must be a section, not ${shown(value)}`)
  return []
}

function textOf(value: unknown, path: readonly string[], name: string, report: Report): string | null {
  if (typeof value === 'string') return value
  report(
    path,
    null,
    `${name} must be a text, not ${shown(value)}${typeof value === 'number' ? ': put it in quotes' : ''}`,
  )
  return null
}

function attributesOf(value: unknown, path: readonly string[], report: Report): CaseWho['attributes'] {
  const attributes: [string, string | number | readonly string[]][] = []
  for (const [name, given] of sectionOf(value, path, report)) {
    if (typeof given === 'string' || (typeof given === 'number' && Number.isSafeInteger(given)))
      attributes.push([name, given])
    else if (isTexts(given)) attributes.push([name, given])
    else report(path, name, `${name} must be a text, a whole number or a list of texts, not ${shown(given)}`)
  }
  return Object.fromEntries(attributes)
}

function permissionsOf(value: unknown, path: readonly string[], report: Report): CaseWho['permissions'] {
  if (value === undefined) return null
  const filters: Record<'publish' | 'subscribe', readonly string[]> = { publish: [], subscribe: [] }
  for (const [name, given] of sectionOf(value, path, report)) {
    if (name === 'publish' || name === 'subscribe') filters[name] = textsOf(given, [...path, name], name, report) ?? []
    else report(path, name, `unknown option ${shown(name)}${didYouMean(name, ['publish', 'subscribe'])}`)
  }
  return filters
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
