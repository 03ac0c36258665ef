export type Direction = 'sent' | 'received' | 'unread'

const kinds = [
  'reserved 0',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
]

const kept = 12
const shown = 64

/** The last packets both ways, for the message of a failed expectation. */
export class Transcript {
  readonly #lines: string[] = []

  note(direction: Direction, bytes: Buffer): void {
    this.#lines.push(this.line(direction, bytes))
    if (this.#lines.length > kept) this.#lines.shift()
  }

  line(direction: Direction, bytes: Buffer): string {
    const name = kinds[(bytes[0] ?? 0) >> 4]
    const digits = bytes.subarray(0, shown).toString('hex').replace(/../g, '$& ')
    const text = bytes
      .subarray(0, shown)
      .toString('latin1')
      .replace(/[^ -~]/g, '.')
    const more = bytes.length > shown ? `… ${bytes.length} bytes` : ''
    return `  ${direction === 'sent' ? '→' : '←'} ${direction} ${name} ${digits}${more} |${text}|`
  }

  text(): string {
    return this.#lines.join('\n')
  }
}
