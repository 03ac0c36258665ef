// Finds topic templates that may match the same topic; what a variable stands for may be any level. Templates are put
// together by their shape, which levels are texts (`t`, `$` for a first one that begins with it) and which are not:
//
//     a/+/c  →  t+t      ┐ both have texts in the first and the last level: they overlap when these are the same
//     a/b/c  →  ttt      ┘
//
// so that each pair of shapes takes one look at each template, however many there are.

import { type Level, type Pattern, rest } from '../policy/pattern.ts'

/** Two things whose templates overlap, in the order they were given. */
export interface Overlap<T> {
  readonly earlier: T
  readonly later: T
}

interface Entry<T> {
  readonly levels: readonly Level[]
  readonly owner: T
  readonly order: number
}

const maximumShapes = 500
const mostOverlaps = 20

/** The first overlaps, each of another template; null when the templates have too many shapes to be compared. */
export function overlapsOf<T>(owners: readonly T[], patternOf: (owner: T) => Pattern): readonly Overlap<T>[] | null {
  const groups = new Map<string, Entry<T>[]>()
  for (const [order, owner] of owners.entries()) {
    const { levels } = patternOf(owner)
    const shape = levels.map(letterOf).join('')
    const group = groups.get(shape) ?? []
    group.push({ levels, owner, order })
    groups.set(shape, group)
  }
  if (groups.size > maximumShapes) return null
  const found = new Map<T, Overlap<T>>()
  const shapes = [...groups]
  for (const [index, [shape, group]] of shapes.entries()) {
    for (const [otherShape, other] of shapes.slice(0, index + 1)) {
      const positions = sharedTexts(shape, otherShape)
      if (positions !== null) compare(group, other, positions, found)
      if (found.size >= mostOverlaps) return [...found.values()]
    }
  }
  return [...found.values()]
}

function letterOf(level: Level, index: number): string {
  if (level === rest) return '#'
  if (typeof level !== 'string') return '+'
  return index === 0 && level.startsWith('$') ? '$' : 't'
}

/** Levels that are texts in both shapes; null where no topic can have both. */
function sharedTexts(one: string, other: string): readonly number[] | null {
  const open = one.endsWith('#')
  const otherOpen = other.endsWith('#')
  const length = open ? one.length - 1 : one.length
  const otherLength = otherOpen ? other.length - 1 : other.length
  if ((!open && length < otherLength) || (!otherOpen && otherLength < length)) return null
  if ((one.startsWith('$') || other.startsWith('$')) && one[0] !== other[0]) return null // [MQTT-4.7.2-1]
  const positions: number[] = []
  for (let at = 0; at < Math.min(length, otherLength); at++) {
    if (one[at] !== '+' && other[at] !== '+') positions.push(at)
  }
  return positions
}

function compare<T>(
  group: readonly Entry<T>[],
  other: readonly Entry<T>[],
  positions: readonly number[],
  found: Map<T, Overlap<T>>,
): void {
  const keyOf = ({ levels }: Entry<T>) => positions.map((at) => String(levels[at])).join('/')
  const known = new Map<string, Entry<T>>()
  const isSame = group === other
  if (!isSame) for (const entry of other) if (!known.has(keyOf(entry))) known.set(keyOf(entry), entry)
  for (const entry of group) {
    const key = keyOf(entry)
    const met = known.get(key)
    if (met !== undefined) {
      const [earlier, later] = met.order < entry.order ? [met.owner, entry.owner] : [entry.owner, met.owner]
      if (!found.has(later)) found.set(later, { earlier, later })
      if (found.size >= mostOverlaps) return
    } else if (isSame) known.set(key, entry)
  }
}
