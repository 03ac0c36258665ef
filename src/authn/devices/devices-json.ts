import { open } from 'node:fs/promises'

/** One value of a file: its text, and the line it begins in. */
export interface JsonElement {
  readonly text: string
  readonly line: number
}

const chunkBytes = 262_144
/** Bytes of the longest value. */
const maximumElement = 1_048_576

const Byte = {
  LineFeed: 0x0a,
  Quote: 0x22,
  Comma: 0x2c,
  OpenBracket: 0x5b,
  Backslash: 0x5c,
  CloseBracket: 0x5d,
  OpenBrace: 0x7b,
  CloseBrace: 0x7d,
} as const

/**
 * The values of a JSON file one by one, whatever its size: those of a list, of a list in `{"value": […]}` or
 * `{"devices": […]}`, or values that stand one after the other.
 *
 * @throws Error that begins with a line number, for what is no such list
 */
export async function* jsonElements(path: string): AsyncGenerator<JsonElement> {
  await using file = await open(path)
  const splitter = new Splitter()
  for (;;) {
    // The splitter keeps parts of it.
    const chunk = Buffer.allocUnsafeSlow(chunkBytes)
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, null)
    if (bytesRead === 0) break
    yield* splitter.split(chunk.subarray(0, bytesRead))
  }
  splitter.end()
}

/**
 * Finds where values begin and end without understanding them: that is for the parser, which then sees one at a time.
 * A list around them is gone into.
 */
class Splitter {
  /** What chunks before had of the value under way. */
  #parts: Buffer[] = []
  #length = 0
  #line = 1
  /** Where the value under way began. */
  #begin = 1
  /** Brackets and braces that are open in the value, 0 between values. */
  #depth = 0
  #inText = false
  #escaped = false
  #around: 'unknown' | 'nothing' | 'list' | 'envelope' | 'end of list' | 'end of envelope' = 'unknown'

  end(): void {
    if (this.#depth > 0) throw new Error(`${this.#begin}: what begins here does not end`)
    if (this.#around === 'list' || this.#around === 'envelope') throw new Error(`${this.#line}: the list does not end`)
  }

  *split(chunk: Buffer): Generator<JsonElement> {
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0
      if (byte === Byte.LineFeed) this.#line++
      if (this.#depth === 0) {
        if (this.#isBetween(byte)) continue
        this.#depth = 1
        this.#begin = this.#line
        start = at
      } else if (this.#isLast(byte)) {
        this.#keep(chunk.subarray(start, at + 1))
        yield this.#take()
      } else if (byte === Byte.OpenBracket && this.#around === 'unknown' && this.#depth === 2) {
        this.#enter(chunk.subarray(start, at))
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(start))
  }

  /** Whether a byte outside of values is only around them; if not, a value begins with it. */
  #isBetween(byte: number): boolean {
    if (isSpace(byte) || this.#around === 'end of envelope') return true
    if (this.#around === 'unknown' && byte === Byte.OpenBracket) {
      this.#around = 'list'
      return true
    }
    if (this.#around === 'list' || this.#around === 'envelope') {
      if (byte === Byte.Comma) return true
      if (byte === Byte.CloseBracket) {
        this.#around = `end of ${this.#around}`
        return true
      }
    }
    if (byte !== Byte.OpenBrace || this.#around === 'end of list')
      throw new Error(`${this.#line}: a device in { } must stand here`)
    return false
  }

  /** Whether the value ends with this byte. */
  #isLast(byte: number): boolean {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false
      else if (byte === Byte.Backslash) this.#escaped = true
      else if (byte === Byte.Quote) this.#inText = false
      return false
    }
    if (byte === Byte.Quote) this.#inText = true
    else if (byte === Byte.OpenBrace || byte === Byte.OpenBracket) this.#depth++
    else if (byte === Byte.CloseBrace || byte === Byte.CloseBracket) return --this.#depth === 0
    return false
  }

  /** Goes into the list that begins here, if the first value has nothing but a list of values. */
  #enter(part: Buffer): void {
    const before = Buffer.concat([...this.#parts, part]).toString('latin1')
    if (before.length > 1_000 || !/^\{\s*"(value|devices)"\s*:\s*$/.test(before)) return
    this.#around = 'envelope'
    this.#depth = 0
    this.#parts = []
    this.#length = 0
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#length += part.length
    if (this.#length > maximumElement) throw new Error(`${this.#begin}: what begins here has more than 1 MiB`)
  }

  #take(): JsonElement {
    const text = Buffer.concat(this.#parts).toString()
    this.#parts = []
    this.#length = 0
    if (this.#around === 'unknown') this.#around = 'nothing'
    return { text, line: this.#begin }
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
