/** One damage done to some bytes. Positions count modulo the length, so that any numbers make an edit. */
export interface Edit {
  readonly kind: (typeof editKinds)[number]
  readonly at: number
  readonly count: number
  readonly value: number
}

export const editKinds = ['flip', 'set', 'cut', 'insert', 'remove', 'repeat', 'swap', 'add'] as const

/** Bytes that end, begin or pass something in the wire format. */
const telling: readonly number[] = [0x00, 0x01, 0x02, 0x23, 0x26, 0x2b, 0x2f, 0x7f, 0x80, 0x81, 0xc0, 0xfe, 0xff]

/** A damaged copy of the bytes. */
export function edited(bytes: Buffer, edits: readonly Edit[]): Buffer {
  let result: Buffer = Buffer.from(bytes)
  for (const edit of edits) result = apply(result, edit)
  return result
}

function apply(bytes: Buffer, { kind, at, count, value }: Edit): Buffer {
  if (bytes.length === 0) return Buffer.from([value & 0xff])
  const here = at % bytes.length
  const end = Math.min(bytes.length, here + 1 + (count % 16))
  const byte = bytes.readUInt8(here)
  switch (kind) {
    case 'flip':
      bytes[here] = byte ^ (1 << (value & 7))
      return bytes
    case 'set':
      bytes[here] = telling[value % telling.length] ?? 0
      return bytes
    case 'add':
      bytes[here] = (byte + (value % 5) - 2) & 0xff
      return bytes
    case 'cut':
      return bytes.subarray(0, here)
    case 'insert':
      return Buffer.concat([bytes.subarray(0, here), Buffer.alloc(1 + (count % 4), value & 0xff), bytes.subarray(here)])
    case 'remove':
      return Buffer.concat([bytes.subarray(0, here), bytes.subarray(end)])
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(here)])
    case 'swap':
      return Buffer.concat([bytes.subarray(here, end), bytes.subarray(0, here), bytes.subarray(end)])
  }
}
