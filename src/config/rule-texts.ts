import type { Path } from './names.ts'
import { shown } from './problem.ts'

/** Takes up a mistake at the value at `path`, or at the key `key` in the section there. */
export type Report = (path: Path, key: string | null, message: string) => void

const comment = 'in YAML an unquoted # begins a comment, so put it in quotes'

/** A text or a list of texts; null when it is neither. */
export function textsOf(value: unknown, path: Path, name: string, report: Report): string[] | null {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) report(path, null, `${name} must not be an empty list`)
  const texts: string[] = []
  for (const [index, item] of list.entries()) {
    if (typeof item === 'string' && item !== '') texts.push(item)
    else report(Array.isArray(value) ? [...path, index] : path, null, noText(item, name))
  }
  return texts.length === list.length && texts.length > 0 ? texts : null
}

function noText(value: unknown, name: string): string {
  const topic = name.startsWith('topic')
  if (value === null || value === '') return `${name} is empty${topic ? `; ${comment}` : ''}`
  if (typeof value === 'number' || typeof value === 'boolean')
    return `${name} must be a text: put ${shown(value)} in quotes`
  const braces = typeof value === 'object' ? '; a text that begins with { must be in quotes' : ''
  return `${name} must be a text or a list of texts, not ${shown(value)}${braces}`
}
