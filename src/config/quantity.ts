const secondsOf: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }

const bytesOf: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

export const durationPattern = '^\\d+(\\.\\d+)?(ms|s|m|h|d|w)$'
export const sizePattern = '^\\d+(\\.\\d+)?(B|kB|KB|MB|GB|KiB|MiB|GiB|TiB)$'
export const modePattern = '^0?o?[0-7]{3}$'

/** Seconds in `90s`, `1.5h`, `7d`; null when `text` is no duration. */
export function parseDuration(text: string): number | null {
  return parse(text, durationPattern, secondsOf)
}

/** Bytes in `512B`, `256KiB`, `2MiB`, `1GB`; null when `text` is no size or no whole number of bytes. */
export function parseSize(text: string): number | null {
  const bytes = parse(text, sizePattern, bytesOf)
  return bytes !== null && Number.isSafeInteger(bytes) ? bytes : null
}

/** The permission bits in `0660`; null when `text` is not three octal digits. */
export function parseMode(text: string): number | null {
  return new RegExp(modePattern).test(text) ? Number.parseInt(text.replace('o', ''), 8) : null
}

export function formatDuration(seconds: number): string {
  for (const unit of ['w', 'd', 'h', 'm']) {
    const length = secondsOf[unit] ?? 1
    if (seconds >= length && seconds % length === 0) return `${seconds / length}${unit}`
  }
  return seconds === 0 || seconds >= 1 ? `${seconds}s` : `${Math.round(seconds * 1_000)}ms`
}

export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const size = bytesOf[unit] ?? 1
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return bytes < 1_024 ? `${bytes}B` : String(bytes)
}

function parse(text: string, pattern: string, units: Readonly<Record<string, number>>): number | null {
  if (text.length > 32 || !new RegExp(pattern).test(text)) return null
  const amount = Number.parseFloat(text)
  const factor = units[text.replace(/^[\d.]+/, '')]
  return factor === undefined ? null : amount * factor
}
