/** The bytes of a base64 text, with or without `=` at its end; null when it is none, or has more or fewer bytes. */
export function bytesOf(text: string, least: number, most: number): Buffer | null {
  if (text.length > most * 2 + 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  const canonical = bytes.toString('base64')
  if (text !== canonical && text !== canonical.replace(/=+$/, '')) return null
  return bytes.length >= least && bytes.length <= most ? bytes : null
}
