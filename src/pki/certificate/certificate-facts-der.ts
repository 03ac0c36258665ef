/** Something that is not DER, or not what stands there by its standard. Never leaves the readers of this folder. */
export class DerMistake extends Error {}

export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  Oid: 0x06,
  Enumerated: 0x0a,
  Utf8String: 0x0c,
  NumericString: 0x12,
  PrintableString: 0x13,
  TeletexString: 0x14,
  Ia5String: 0x16,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  VisibleString: 0x1a,
  UniversalString: 0x1c,
  BmpString: 0x1e,
  Sequence: 0x30,
  Set: 0x31,
} as const

/** The tag of `[number]`: what a standard calls context-specific. */
export function context(number: number, constructed = false): number {
  return (constructed ? 0xa0 : 0x80) | number
}

/**
 * Reads DER [X.690] element by element and refuses what is not the one encoding of a value. Nothing is copied: what it
 * gives out is part of the bytes it was given.
 */
export class Der {
  readonly bytes: Buffer
  readonly end: number
  /** Where the next element begins. */
  offset: number

  constructor(bytes: Buffer, offset = 0, end = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  get more(): boolean {
    return this.offset < this.end
  }

  /** The tag of the next element, -1 at the end. */
  get tag(): number {
    return this.more ? (this.bytes[this.offset] ?? -1) : -1
  }

  /** Goes past the next element, whatever it is, and returns all of it. */
  element(): Buffer {
    const start = this.offset
    this.offset = this.#contents().end
    return this.bytes.subarray(start, this.offset)
  }

  /** Goes past the next element, which must have this tag, and returns a reader of its contents. */
  inside(tag: number): Der {
    if (this.tag !== tag) throw new DerMistake(`an element ${hex(tag)} is missing`)
    const contents = this.#contents()
    this.offset = contents.end
    return contents
  }

  /** Like `inside`, or null when the next element has another tag. */
  optional(tag: number): Der | null {
    return this.tag === tag ? this.inside(tag) : null
  }

  value(tag: number): Buffer {
    const { bytes, offset, end } = this.inside(tag)
    return bytes.subarray(offset, end)
  }

  rest(): Buffer {
    return this.bytes.subarray(this.offset, this.end)
  }

  /** There must be nothing more. */
  finish(): void {
    if (this.more) throw new DerMistake('there is more than there should be')
  }

  boolean(): boolean {
    const value = this.value(Tag.Boolean)
    if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) throw new DerMistake('a boolean is malformed')
    return value[0] === 0xff
  }

  oid(): string {
    return dotted(this.value(Tag.Oid))
  }

  /** The bytes of a string of bits whose number is a multiple of eight. */
  octets(): Buffer {
    const value = this.value(Tag.BitString)
    if (value[0] !== 0) throw new DerMistake('a bit string is malformed')
    return value.subarray(1)
  }

  /** Wall-clock milliseconds since 1970 [RFC 5280 4.1.2.5]. */
  time(): number {
    const short = this.tag === Tag.UtcTime
    const text = this.value(short ? Tag.UtcTime : Tag.GeneralizedTime).toString('latin1')
    if (!(short ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) throw new DerMistake('a time is malformed')
    const full = short ? `${Number(text.slice(0, 2)) < 50 ? 20 : 19}${text}` : text
    const [year, month, day, hour, minute, second] = full.match(/^\d{4}|\d{2}/g) ?? []
    const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
    if (Number.isNaN(time)) throw new DerMistake('a time does not exist')
    return time
  }

  #contents(): Der {
    const { bytes, end } = this
    const at = this.offset
    if (at + 2 > end) throw new DerMistake('it ends too early')
    if (((bytes[at] ?? 0) & 0x1f) === 0x1f) throw new DerMistake('a tag is too large')
    const first = bytes[at + 1] ?? 0
    if (first < 0x80) return this.#within(at + 2, first)
    const count = first & 0x7f
    if (count === 0 || count > 4 || at + 2 + count > end) throw new DerMistake('a length is malformed')
    const length = bytes.readUIntBE(at + 2, count)
    if (bytes[at + 2] === 0 || length < 0x80) throw new DerMistake('a length is not written the shortest way')
    return this.#within(at + 2 + count, length)
  }

  #within(start: number, length: number): Der {
    if (start + length > this.end) throw new DerMistake('it ends too early')
    return new Der(this.bytes, start, start + length)
  }
}

/** `2.5.4.3` of the contents of an object identifier. */
function dotted(contents: Buffer): string {
  const last = contents.at(-1)
  if (last === undefined || last >= 0x80 || contents.length > 64) throw new DerMistake('an identifier is malformed')
  let text = ''
  let arc = 0
  for (const byte of contents) {
    arc = arc * 128 + (byte & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER / 256) throw new DerMistake('an identifier is too large')
    if (byte >= 0x80) continue
    const root = Math.min(2, Math.floor(arc / 40))
    text += text === '' ? `${root}.${arc - root * 40}` : `.${arc}`
    arc = 0
  }
  return text
}

/** An element with these contents, which have at most 65,535 bytes. */
export function encoded(tag: number, ...contents: readonly Buffer[]): Buffer {
  const length = contents.reduce((sum, { length }) => sum + length, 0)
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), ...contents])
}

/** Takes a mistake in the bytes as an answer; other exceptions are ours. */
export function attempt<Result>(read: () => Result): Result | string {
  try {
    return read()
  } catch (error) {
    if (error instanceof DerMistake) return error.message
    throw error
  }
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`
}
