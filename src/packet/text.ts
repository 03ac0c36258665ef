import { isUtf8 } from 'node:buffer'

/**
 * UTF-8 encoded strings [MQTT 1.5.4]: well-formed, without U+0000; EF BB BF is an ordinary character.
 * Returns null for anything else.
 */
export function readText(bytes: Buffer, start: number, end: number): string | null {
  let seen = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === 0) return null
    seen |= byte
  }
  if (seen < 0x80) return bytes.toString('latin1', start, end)
  return isUtf8(bytes.subarray(start, end)) ? bytes.toString('utf8', start, end) : null
}

/** True when the bytes are a valid UTF-8 encoded string, without making one. */
export function isText(bytes: Buffer, start: number, end: number): boolean {
  let seen = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === 0) return false
    seen |= byte
  }
  return seen < 0x80 || isUtf8(bytes.subarray(start, end))
}

/** True for a string that can go into an MQTT packet: no U+0000, no lone surrogate, at most 65,535 bytes. */
export function isEncodable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed() && (text.length <= 21_845 || Buffer.byteLength(text) <= 65_535)
}

/** A payload that is said to be text [MQTT 3.3.2.3.2]: well-formed UTF-8; U+0000 is allowed in it. */
export function isTextPayload(payload: Buffer): boolean {
  return isUtf8(payload)
}
