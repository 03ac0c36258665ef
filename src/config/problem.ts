import type { Path } from './names.ts'

/** One mistake in the configuration, at a place that may come from a file, a variable or the command line. */
export interface Problem {
  readonly path: Path
  /** An unknown key in the section at `path`, as it was written; null when the value at `path` is meant. */
  readonly key: string | null
  readonly message: string
}

/** What a value was, short enough for one line. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a section'
  const text = String(value)
  const short = text.length > 48 ? `${text.slice(0, 45)}…` : text
  return typeof value === 'string' ? JSON.stringify(short) : short
}
