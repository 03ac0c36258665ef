const decoder = new TextDecoder('utf-8', { fatal: true })

/** The members of a JSON object, or null for anything else. */
export function parseObject(bytes: Buffer): ReadonlyMap<string, unknown> | null {
  try {
    return membersOf(JSON.parse(decoder.decode(bytes)))
  } catch {
    return null
  }
}

/** The members of an object, without those it inherits and those that are null; null for anything else. */
export function membersOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return new Map(Object.entries(value).filter(([, member]) => member !== null))
}

/** Text, or null when it is not UTF-8. */
export function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
