import { context, Tag } from './certificate-facts-der.ts'

/** An element of DER [X.690]: tag, length, contents. */
export function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const length = contents.reduce((sum, { length }) => sum + length, 0)
  return Buffer.concat([Buffer.from([tag]), lengthOf(length), ...contents])
}

export function sequence(...contents: readonly Buffer[]): Buffer {
  return element(Tag.Sequence, ...contents)
}

/** SET OF, whose elements stand in the order of their encodings. */
export function set(...contents: readonly Buffer[]): Buffer {
  return element(Tag.Set, ...contents.toSorted(Buffer.compare))
}

/** `[number]` around what is complete in itself. */
export function explicit(number: number, ...contents: readonly Buffer[]): Buffer {
  return element(context(number, true), ...contents)
}

/** A number that is not negative: as bytes, the highest first, or as a small one. */
export function integer(value: Buffer | number): Buffer {
  const bytes = typeof value === 'number' ? bytesOf(value) : value
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Buffer.from([0]) : bytes.subarray(first)
  return (digits[0] ?? 0) < 0x80 ? element(Tag.Integer, digits) : element(Tag.Integer, Buffer.from([0]), digits)
}

export function boolean(value: boolean): Buffer {
  return element(Tag.Boolean, Buffer.from([value ? 0xff : 0]))
}

export function nothing(): Buffer {
  return Buffer.from([0x05, 0])
}

export function octets(contents: Buffer): Buffer {
  return element(Tag.OctetString, contents)
}

export function bits(contents: Buffer): Buffer {
  return element(Tag.BitString, Buffer.from([0]), contents)
}

/** A string of named bits, of which those with these numbers are set; at least one, and none over 7. */
export function namedBits(...numbers: readonly number[]): Buffer {
  const byte = numbers.reduce((sum, number) => sum | (0x80 >> number), 0)
  return element(Tag.BitString, Buffer.from([7 - Math.max(...numbers), byte]))
}

export function enumerated(value: number): Buffer {
  return element(Tag.Enumerated, Buffer.from([value]))
}

export function utf8(text: string): Buffer {
  return element(Tag.Utf8String, Buffer.from(text))
}

export function printable(text: string): Buffer {
  return element(Tag.PrintableString, Buffer.from(text, 'latin1'))
}

/** Text of two bytes a character. */
export function bmp(text: string): Buffer {
  return element(Tag.BmpString, Buffer.from(text, 'utf16le').swap16())
}

/** An object identifier such as `2.5.4.3`. */
export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80)
    return digits
  })
  return element(Tag.Oid, Buffer.from(bytes))
}

/** Wall-clock milliseconds since 1970, in whole seconds; the short form until 2049 [RFC 5280 4.1.2.5]. */
export function time(wall: number): Buffer {
  const digits = new Date(wall).toISOString().replace(/\..*$/, '').replace(/\D/g, '')
  const short = digits >= '1950' && digits < '2050'
  const text = `${short ? digits.slice(2) : digits}Z`
  return element(short ? Tag.UtcTime : Tag.GeneralizedTime, Buffer.from(text, 'latin1'))
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const digits = bytesOf(length)
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits])
}

function bytesOf(value: number): Buffer {
  const digits: number[] = []
  for (let left = value; left > 0; left = Math.floor(left / 256)) digits.unshift(left % 256)
  return Buffer.from(digits)
}
