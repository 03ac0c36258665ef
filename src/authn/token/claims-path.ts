import { stepsOf } from '../../config/token-check.ts'
import { isRecord } from './token-json.ts'

/** The way to a claim: the name in the claims, the name in what is there, and so on. */
export type ClaimPath = readonly string[]

/** `realm_access.roles` in its steps; names with dots stand in quotes: `resource_access."my.client".roles`. */
export function claimPath(text: string): ClaimPath {
  return stepsOf(text)
}

/** What is at the end of the path, undefined for nothing; only what the token itself says, never what objects inherit. */
export function claimAt(claims: Readonly<Record<string, unknown>>, path: ClaimPath): unknown {
  let value: unknown = claims
  for (const step of path) {
    if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}

/** A text or a list of texts as a list; a text with spaces is a list, as in `scope` [RFC 6749 3.3]. Null for anything else. */
export function textsOf(value: unknown): readonly string[] | null {
  if (typeof value === 'string') return value.split(' ').filter((text) => text !== '')
  if (!Array.isArray(value)) return null
  const items: readonly unknown[] = value
  return items.every((item) => typeof item === 'string') ? items : null
}

/** A value of a token in a line of the log: nothing in it can end the line, and it is not long. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
