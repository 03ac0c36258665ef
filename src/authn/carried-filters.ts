import { isPattern } from '../topic/filter.ts'

const maximumFilters = 256
const maximumBytes = 1_024

/** Why these cannot be the topic filters that an identity carries, to follow "has", or null. */
export function filtersFlaw(filters: readonly string[]): string | null {
  if (filters.length > maximumFilters) return `more than ${maximumFilters} topic filters`
  const wrong = filters.find((filter) => !isCarried(filter))
  if (wrong === undefined) return null
  const shown = JSON.stringify(wrong)
  return `${shown.length > 120 ? `${shown.slice(0, 120)}…` : shown}, which is no topic filter`
}

/** No share, no NUL, and not long. */
function isCarried(filter: string): boolean {
  if (filter === '$share' || filter.startsWith('$share/') || filter.includes('\u0000')) return false
  return isPattern(filter) && filter.isWellFormed() && Buffer.byteLength(filter) <= maximumBytes
}
