/** The candidate most like `word`, or null when none is close enough to be what was meant. */
export function closest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null
  let bestDistance = Math.min(word.length, Math.max(2, Math.floor(word.length / 3)) + 1)
  for (const candidate of candidates) {
    const distance = distanceBetween(word.toLowerCase(), candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** A clause that ends an error message, e.g. `, did you mean "listeners"?`; empty when nothing is close. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates)
  return found === null ? '' : `, did you mean "${found}"?`
}

/** A word may also stand for a longer one it nearly begins: `lisen` for `listeners`. */
function distanceBetween(word: string, candidate: string, limit: number): number {
  const whole = editDistance(word, candidate, limit)
  if (word.length < 4 || candidate.length <= word.length) return whole
  return Math.min(whole, 1 + editDistance(word, candidate.slice(0, word.length + 1), limit))
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; `limit` when there are as many. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit || a.length > 100) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(replace, at(last, j) + 1, at(row, j - 1) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return Math.min(limit, at(last, b.length))
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0
}
