import { splitJsonRules } from './json-items.ts'

/**
 * A file of rules, taken apart without being parsed: what stands around the list, and the text of each rule. Each text is
 * then parsed on its own, so that a large file takes time in proportion to its size, whatever is in it.
 *
 *     sets: …             head
 *     rules:              head
 *       - allow: publish  ┐ first item
 *         topic: a/#      ┘
 *       - deny: publish   ─ second item
 */
export interface SplitRules {
  /** The text with an empty line, or none, in place of what belongs to an item: lines keep their numbers. */
  readonly head: string
  readonly items: readonly RuleItem[]
}

export interface RuleItem {
  readonly text: string
  /** The line its text begins in, from 1, and how many characters of that line come before. */
  readonly line: number
  readonly offset: number
}

/** `list` is the name of the list, `rules` above. Null for a text of another form. */
export function splitRules(text: string, list: string): SplitRules | null {
  return /^\s*\{/.test(text) ? splitJsonRules(text, list) : splitYaml(text, list)
}

function splitYaml(text: string, list: string): SplitRules | null {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`${list}:`) && isBlank(line.slice(list.length + 1)))
  const first = start < 0 ? -1 : lines.findIndex((line, index) => index > start && !isBlank(line))
  if (first < 0) return null
  const column = dashColumn(lines[first] ?? '')
  if (column < 0) return null
  const items: RuleItem[] = []
  let from = first
  let end = first + 1
  const add = () => items.push({ text: lines.slice(from, end).join('\n'), line: from + 1, offset: 0 })
  for (; end < lines.length; end++) {
    const line = lines[end] ?? ''
    if (isBlank(line) || indentOf(line) > column) continue
    if (dashColumn(line) !== column) break
    add()
    from = end
  }
  add()
  const blanks = Array.from({ length: end - first }, () => '')
  return { head: [...lines.slice(0, first), ...blanks, ...lines.slice(end)].join('\n'), items }
}

function isBlank(line: string): boolean {
  return /^[ \t]*(?:#.*)?\r?$/.test(line)
}

function dashColumn(line: string): number {
  const column = indentOf(line)
  return line[column] === '-' && /^[ \t\r]?$/.test(line[column + 1] ?? '') ? column : -1
}

/** A line that begins with a tab belongs to the item before it, whose parser says what is wrong with it. */
function indentOf(line: string): number {
  let at = 0
  while (line.charCodeAt(at) === 0x20) at++
  return line.charCodeAt(at) === 0x09 ? Number.POSITIVE_INFINITY : at
}
