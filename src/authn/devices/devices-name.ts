import { isIPv4, isIPv6 } from 'node:net'
import { parseName, type RelativeName } from '../certificate/certificate-name.ts'

/**
 * A name as names are compared: without regard to case. A letter that is not ASCII never becomes one that is: the Kelvin
 * sign is no `k`.
 */
export function folded(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what ASCII is
  if (/^[\u0000-\u007f]*$/.test(name)) return name.toLowerCase()
  let result = ''
  for (const character of name) {
    const lower = character.toLowerCase()
    const changesKind = lower.length !== character.length || (character > '\u007f' && lower <= '\u007f')
    result += changesKind ? character : lower
  }
  return result
}

/** An address as addresses are compared, or null when the text is none. */
export function plainAddress(text: string): string | null {
  if (isIPv4(text)) return text
  return isIPv6(text) && URL.canParse(`http://[${text}]/`) ? new URL(`http://[${text}]/`).hostname : null
}

/** Whether two distinguished names are the same, in either order, and whatever the case and the spaces between. */
export function isSameSubject(registered: string, subject: string): boolean {
  const one = registered.includes('=') ? canonicalParts(registered) : null
  const other = one === null ? null : canonicalParts(subject)
  if (one === null || other === null) return false
  return one.join() === other.join() || one.join() === other.toReversed().join()
}

/** The ways a subject may be written as the name of a device. */
export function spellingsOf(subject: string): string[] {
  const parts = subject.match(/(?:\\.|[^,\\])+/gs) ?? []
  const reversed = parts.toReversed()
  return [parts.join(','), reversed.join(','), parts.join(', '), reversed.join(', ')]
}

/** Null for what is no name, and for one with a value that is no text. */
function canonicalParts(text: string): string[] | null {
  const names = parseName(text)
  if (names === null || names.flat().some(([, value]) => value === null)) return null
  return names.map(canonical)
}

function canonical(name: RelativeName): string {
  const parts = name.map(([type, value]) => {
    const known = type.toLowerCase()
    return JSON.stringify([aliases[known] ?? known, folded(value ?? '')])
  })
  return JSON.stringify(parts.toSorted())
}

const aliases: Readonly<Record<string, string>> = { e: 'emailaddress', email: 'emailaddress', s: 'st' }
