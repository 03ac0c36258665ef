const maximumDepth = 32

/**
 * A JSON object, read strictly: names are unique in every object in it, so that nobody else can read it differently
 * [RFC 7519 4], and nothing is nested deeper than anybody means it. Else a text that says what is wrong with it.
 */
export function parseStrictObject(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'is not valid JSON'
  }
  if (!isRecord(value)) return 'is not a JSON object'
  return structureFault(text) ?? value
}

/** Walks over the tokens of a valid JSON text, with the names seen in each object that is open (null for an array). */
function structureFault(text: string): string | null {
  const open: (Set<string> | null)[] = []
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[[\]{}]/g)) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : null) > maximumDepth) return `is nested more than ${maximumDepth} deep`
    } else if (token === '}' || token === ']') {
      open.pop()
    } else if (token.endsWith(':') && !added(open.at(-1) ?? null, nameOf(token))) {
      return `has the name ${JSON.stringify(nameOf(token)).slice(0, 100)} twice`
    }
  }
  return null
}

function added(names: Set<string> | null, name: string): boolean {
  if (names === null) return true
  const before = names.size
  return names.add(name).size > before
}

/** Two spellings of a name, such as with an escape, are the same name. */
function nameOf(token: string): string {
  return String(JSON.parse(token.slice(0, -1)))
}

/** A JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
