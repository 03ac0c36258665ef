import { nameVariable, patternMistake } from '../config/client-id-pattern.ts'

/**
 * Patterns of client identifiers. `*` stands for any characters, none as well; `{name}` for the name of the identity;
 * everything else for itself. `sensor-*`, `{name}`, `{name}-*` and `*` are patterns.
 */

/** Whether an identity may use a client identifier: one of the patterns must match all of it. */
export function mayUse(patterns: readonly string[], clientId: string, name: string): boolean {
  return patterns.some((pattern) => pattern === '*' || matches(pattern, clientId, name))
}

function matches(pattern: string, clientId: string, name: string): boolean {
  if (patternMistake(pattern) !== null) return false
  // Who has no name would get by `{name}*` whatever it likes.
  if (name === '' && pattern.includes(nameVariable)) return false
  // The name is put in after the pattern is taken apart: a `*` in it is no wildcard.
  const parts = pattern.split('*').map((part) => part.replaceAll(nameVariable, () => name))
  const [first = ''] = parts
  const last = parts.at(-1) ?? ''
  if (parts.length === 1) return clientId === first
  if (clientId.length < first.length + last.length || !clientId.startsWith(first) || !clientId.endsWith(last))
    return false
  return haveInOrder(clientId.slice(first.length, clientId.length - last.length), parts.slice(1, -1))
}

/** Each part stands somewhere in the text, behind the one before it. */
function haveInOrder(text: string, parts: readonly string[]): boolean {
  let at = 0
  for (const part of parts) {
    at = endOf(part, text, at)
    if (at < 0) return false
  }
  return true
}

/** Where the first `part` in `text` from `from` on ends, or -1: each character of the text is looked at about once. */
function endOf(part: string, text: string, from: number): number {
  if (part === '') return from
  if (part.length > text.length - from) return -1
  const borders = bordersOf(part)
  let same = 0
  for (let at = from; at < text.length; at++) {
    while (same > 0 && text[at] !== part[same]) same = borders[same - 1] ?? 0
    if (text[at] === part[same]) same++
    if (same === part.length) return at + 1
  }
  return -1
}

/** For each beginning of `part`: how long the longest proper beginning is that it also ends with. */
function bordersOf(part: string): readonly number[] {
  const borders = [0]
  let same = 0
  for (let at = 1; at < part.length; at++) {
    while (same > 0 && part[at] !== part[same]) same = borders[same - 1] ?? 0
    if (part[at] === part[same]) same++
    borders.push(same)
  }
  return borders
}
