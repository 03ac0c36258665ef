/**
 * Reads the text of one rule where it is JSON in any form, also behind a dash. `repeats`: some section has the same name
 * twice, of which the value has one only. Null for what is no JSON.
 */
export function readJsonItem(item: string): { readonly value: unknown; readonly repeats: boolean } | null {
  const dash = begin.exec(item)?.[1]
  if (dash === undefined) return null
  const text = item.slice(dash.length)
  const value = parsed(text)
  if (value === undefined) return null
  const names = namesIn(value, deepest)
  return names < 0 ? null : { value, repeats: names !== colonsIn(text) }
}

/** What does not begin so need not be tried. */
const begin = /^((?: *- +)?)\{\s*["}]/

/** No rule has so much in one another. */
const deepest = 32

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How many names the sections in a value have; less than 0 where it is too deep. */
function namesIn(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === 0) return Number.NEGATIVE_INFINITY
  let names = Array.isArray(value) ? 0 : Object.keys(value).length
  for (const part of Object.values(value)) names += namesIn(part, depth - 1)
  return names
}

/** How many colons stand outside of texts: one behind each name. */
function colonsIn(text: string): number {
  let colons = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === colon) colons++
    else if (character === quotationMark) at = endOfString(text, at)
  }
  return colons
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== quotationMark) at += text.charCodeAt(at) === backslash ? 2 : 1
  return at
}

const quotationMark = 0x22
const colon = 0x3a
const backslash = 0x5c
