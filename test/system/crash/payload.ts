/** The payload that belongs to a number, of a size that belongs to it too: small, empty padding, over several pages. */
export function payloadOf(publisher: string, number: number): string {
  const size = number % 97 === 96 ? 9_000 : (number * 37) % 300
  return `${publisher} ${number} ${'~'.repeat(size)}`
}

/** Reads a payload; null if it is not exactly what was sent. */
export function readPayload(payload: Buffer): { readonly publisher: string; readonly number: number } | null {
  const text = payload.toString('latin1')
  const [publisher = '', digits] = text.split(' ', 2)
  const number = Number(digits)
  return Number.isSafeInteger(number) && text === payloadOf(publisher, number) ? { publisher, number } : null
}
