/** A field as it goes on the wire: text is encoded as UTF-8, bytes go out as they are, well-formed or not. */
export type Text = string | Uint8Array

/**
 * Bytes written in hexadecimal; spaces are free, bytes may be interpolated:
 *
 *     hex`30 05 0001 61 ${Buffer.from('hi')}`
 */
export function hex(texts: TemplateStringsArray, ...values: readonly (Uint8Array | number)[]): Buffer {
  const parts: Uint8Array[] = []
  texts.forEach((text, index) => {
    parts.push(fromHex(text))
    const value = values[index]
    if (value !== undefined) parts.push(typeof value === 'number' ? u8(value) : value)
  })
  return Buffer.concat(parts)
}

function fromHex(text: string): Buffer {
  const digits = text.replace(/\s+/g, '')
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new Error(`not hexadecimal: ${text}`)
  return Buffer.from(digits, 'hex')
}

export function u8(value: number): Buffer {
  return Buffer.from([value])
}

export function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A Variable Byte Integer; `size` pads it to more bytes than needed, which no conforming sender does. */
export function varint(value: number, size = 0): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push(rest % 128)
    rest = Math.floor(rest / 128)
  } while (rest > 0 || bytes.length < size)
  return Buffer.from(bytes.map((byte, index) => (index < bytes.length - 1 ? byte | 0x80 : byte)))
}

export function raw(text: Text): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)
}

/** Bytes behind a two-byte length: the form of strings and binary data. */
export function prefixed(text: Text): Buffer {
  const bytes = raw(text)
  return Buffer.concat([u16(bytes.length), bytes])
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the fields of one packet of the server, and throws at everything the server may not send. */
export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(count: number): Buffer {
    if (count > this.left) throw new Error(`${count} bytes announced, ${this.left} there`)
    const start = this.#at
    this.#at += count
    return Buffer.from(this.#bytes.subarray(start, this.#at))
  }

  u8(): number {
    return this.take(1).readUInt8()
  }

  u16(): number {
    return this.take(2).readUInt16BE()
  }

  u32(): number {
    return this.take(4).readUInt32BE()
  }

  varint(): number {
    let value = 0
    for (let count = 0; count < 4; count++) {
      const byte = this.u8()
      value += (byte & 0x7f) * 128 ** count
      if (byte < 0x80) {
        if (byte === 0 && count > 0) throw new Error('a Variable Byte Integer is longer than needed')
        return value
      }
    }
    throw new Error('a Variable Byte Integer has more than four bytes')
  }

  binary(): Buffer {
    return this.take(this.u16())
  }

  string(): string {
    const text = strictUtf8.decode(this.binary())
    if (text.includes('\0')) throw new Error('a string has U+0000')
    return text
  }

  rest(): Buffer {
    return this.take(this.left)
  }

  end(what: string): void {
    if (this.left > 0) throw new Error(`${what} has ${this.left} surplus bytes`)
  }
}
