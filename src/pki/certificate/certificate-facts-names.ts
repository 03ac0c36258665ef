import { TextDecoder } from 'node:util'
import { type Der, DerMistake, Tag } from './certificate-facts-der.ts'

/** One attribute of a distinguished name. */
interface Attribute {
  /** Its short name, or its object identifier. */
  readonly type: string
  /** Null for a value that is no text. */
  readonly text: string | null
  readonly element: Buffer
  /** It belongs to the same relative distinguished name as the one before. */
  readonly joined: boolean
}

const maximumAttributes = 64
const maximumNameBytes = 65_535

/** A distinguished name [RFC 5280 4.1.2.4]. */
export class DistinguishedName {
  /** In the order of the encoding: the least specific first. */
  readonly #attributes: readonly Attribute[]

  /** @throws DerMistake */
  constructor(name: Der) {
    this.#attributes = attributesOf(name)
  }

  /** The usable values of an attribute, the most specific first. */
  values(type: string): string[] {
    const values: string[] = []
    for (const { type: name, text } of this.#attributes) if (name === type && isUsable(text)) values.unshift(text)
    return values
  }

  /**
   * The same for names that are the same, whatever the case, the spaces and the kinds of text they are written with: as
   * OpenSSL compares them.
   */
  toKey(): string {
    const groups: string[][] = []
    for (const { type, text, element, joined } of this.#attributes) {
      const value = text === null ? element.toString('hex') : `=${plain(text)}`
      const part = JSON.stringify([type, value])
      if (joined) groups.at(-1)?.push(part)
      else groups.push([part])
    }
    return groups.map((group) => group.toSorted().join('+')).join()
  }

  /** The form of RFC 4514, such as `CN=pump-7,O=Example`. */
  toString(): string {
    let whole = ''
    let group = ''
    for (const attribute of this.#attributes) {
      if (attribute.joined) group += `+${written(attribute)}`
      else {
        if (group !== '') whole = whole === '' ? group : `${group},${whole}`
        group = written(attribute)
      }
    }
    return whole === '' || group === '' ? whole + group : `${group},${whole}`
  }
}

function plain(text: string): string {
  const ascii = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return ascii.replace(/[ \t\n\v\f\r]+/g, ' ').replace(/^ | $/g, '')
}

/** A name somebody may be known by: no control characters, not empty, and short enough for a field of MQTT. */
export function isUsable(text: string | null): text is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text !== null && text !== '' && !/[\u0000-\u001f\u007f-\u009f]/.test(text) && fits(text)
}

function fits(text: string): boolean {
  return text.length * 3 <= maximumNameBytes || Buffer.byteLength(text) <= maximumNameBytes
}

/** The text of ASCII bytes, or null when there are others. */
export function asciiText(bytes: Buffer): string | null {
  return bytes.every((byte) => byte < 0x80) ? bytes.toString('latin1') : null
}

function attributesOf(name: Der): Attribute[] {
  const attributes: Attribute[] = []
  while (name.more) {
    const group = name.inside(Tag.Set)
    let joined = false
    if (!group.more) throw new DerMistake('a relative name is empty')
    for (; group.more; joined = true) {
      const pair = group.inside(Tag.Sequence)
      const oid = pair.oid()
      const { tag } = pair
      const element = pair.element()
      pair.finish()
      attributes.push({ type: shortNames.get(oid) ?? oid, text: textOf(tag, element), element, joined })
      if (attributes.length > maximumAttributes) throw new DerMistake('a name has too many attributes')
    }
  }
  return attributes
}

function textOf(tag: number, element: Buffer): string | null {
  const length = element[1] ?? 0
  const contents = element.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f))
  if (tag === Tag.Utf8String) return decoded(utf8, contents)
  if (tag === Tag.BmpString) return contents.length % 2 === 0 ? decoded(utf16, contents) : null
  if (tag === Tag.UniversalString) return utf32(contents)
  // What Teletex means beyond ASCII nobody agrees on.
  return asciiTags.has(tag) ? asciiText(contents) : null
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const utf16 = new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true })

function decoded(decoder: TextDecoder, contents: Buffer): string | null {
  try {
    return decoder.decode(contents)
  } catch {
    return null
  }
}

function utf32(contents: Buffer): string | null {
  if (contents.length % 4 !== 0) return null
  let text = ''
  for (let at = 0; at < contents.length; at += 4) {
    const point = contents.readUInt32BE(at)
    if (point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff)) return null
    text += String.fromCodePoint(point)
  }
  return text
}

function written({ type, text, element }: Attribute): string {
  // RFC 4514 2.4: what has no name or is no text is written in hexadecimal.
  if (text === null || /^\d/.test(type)) return `${type}=#${element.toString('hex')}`
  return `${type}=${escaped(text)}`
}

function escaped(text: string): string {
  let result = ''
  const last = text.length - 1
  for (let at = 0; at <= last; at++) {
    const character = text.charAt(at)
    const code = text.charCodeAt(at)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) result += hexPairs(character)
    else if (special.includes(character)) result += `\\${character}`
    else if ((at === 0 && character === '#') || (character === ' ' && (at === 0 || at === last))) {
      result += `\\${character}`
    } else result += character
  }
  return result
}

/** `\0A` for a line feed: what a terminal would act upon is not written as it is. */
function hexPairs(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '\\$&')
}

const special = '"+,;<>\\'

const asciiTags: ReadonlySet<number> = new Set([
  Tag.PrintableString,
  Tag.Ia5String,
  Tag.NumericString,
  Tag.VisibleString,
  Tag.TeletexString,
])

const shortNames: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.13', 'description'],
  ['2.5.4.41', 'name'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.43', 'initials'],
  ['2.5.4.44', 'generationQualifier'],
  ['2.5.4.46', 'dnQualifier'],
  ['2.5.4.65', 'pseudonym'],
  ['2.5.4.97', 'organizationIdentifier'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
])
