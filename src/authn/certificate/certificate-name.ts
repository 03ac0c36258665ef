import type { CertificateFacts } from '../../engine/ports.ts'

/** Parts of a certificate that may name its holder. */
export type NameSource = 'subject' | 'dn' | 'dns' | 'uri' | 'ip' | 'email'

/** A relative distinguished name: types and values; null for a value that is no text. */
export type RelativeName = readonly (readonly [type: string, value: string | null])[]

/** What the common name, the whole subject, or alternative names of a kind say: the first is the name. */
export function namesIn(facts: CertificateFacts, source: NameSource): readonly string[] {
  if (source === 'subject') return facts.commonNames
  if (source === 'dn') return isUsable(facts.subject) ? [facts.subject] : []
  if (source === 'dns') return facts.dns
  if (source === 'uri') return facts.uris
  return source === 'ip' ? facts.addresses : facts.emails
}

function isUsable(subject: string): boolean {
  return subject !== '' && Buffer.byteLength(subject) <= 65_535
}

/** The parts of a distinguished name as RFC 4514 writes it, or null when it is none. */
export function parseName(text: string): RelativeName[] | null {
  const names: (readonly [string, string | null])[][] = [[]]
  let at = 0
  while (at < text.length) {
    const equals = text.indexOf('=', at)
    const type = equals < 0 ? '' : text.slice(at, equals).trim()
    if (!/^[A-Za-z0-9.-]+$/.test(type)) return null
    const value = parseValue(text, equals + 1)
    if (value === null) return null
    names.at(-1)?.push([type, value.text])
    if (value.end === text.length) return names
    if (text[value.end] === ',') names.push([])
    at = value.end + 1
  }
  return null
}

/** From `start` to a comma or plus sign that is not escaped, or the end; null for what RFC 4514 does not know. */
function parseValue(text: string, start: number): { text: string | null; end: number } | null {
  const from = start + (/^ */.exec(text.slice(start, start + 64))?.[0].length ?? 0)
  const parts: Buffer[] = []
  let kept = 0
  let at = from
  for (; at < text.length && text[at] !== ',' && text[at] !== '+'; at++) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
    if ('";<>\0'.includes(character)) return null
    if (character !== '\\') {
      parts.push(Buffer.from(character))
      // Spaces at the end belong to the value when they are escaped only.
      if (character !== ' ') kept = parts.length
      at += character.length - 1
      continue
    }
    const pair = /^[0-9a-fA-F]{2}/.exec(text.slice(at + 1, at + 3))?.[0]
    const special = text.charAt(at + 1)
    if (pair === undefined && !(special !== '' && ' "#+,;<=>\\'.includes(special))) return null
    parts.push(pair === undefined ? Buffer.from(special) : Buffer.from(pair, 'hex'))
    kept = parts.length
    at += pair === undefined ? 1 : 2
  }
  const isText = text[from] !== '#'
  return { text: isText ? Buffer.concat(parts.slice(0, kept)).toString() : null, end: at }
}
