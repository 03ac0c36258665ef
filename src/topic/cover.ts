/** True when every topic that `other` matches is matched by `filter` [MQTT 4.7]. Both must be valid and without a share. */
export function covers(filter: string, other: string): boolean {
  const own = filter.split('/')
  const levels = fullLevels(other)
  for (let at = 0; ; at++) {
    const one = own[at]
    const two = levels[at]
    if (one === '#') return at > 0 || !isGuarded(two)
    if (one === undefined || two === undefined) return one === two
    if (one === '+') {
      if (two === '#' || (at === 0 && isGuarded(two))) return false
    } else if (one !== two) return false
  }
}

/** True when some topic is matched by both filters [MQTT 4.7]. Both must be valid and without a share. */
export function overlaps(filter: string, other: string): boolean {
  const first = fullLevels(filter)
  const second = fullLevels(other)
  if (!firstLevelsMeet(first[0], second[0])) return false
  for (let at = 0; ; at++) {
    const one = first[at]
    const two = second[at]
    if (one === '#' || two === '#') return true
    if (one === undefined || two === undefined) return one === two
    if (one !== '+' && two !== '+' && one !== two) return false
  }
}

/**
 * The levels of a filter that says in full that a topic is not empty: `#` and `+/#` match the same topics, `/#` and
 * `/+/#` as well, because what is left over, a topic of no level or of one empty level, is no topic [MQTT-4.7.3-1].
 */
export function fullLevels(filter: string): string[] {
  return fullFilter(filter).split('/')
}

/** As `fullLevels`, as text. */
export function fullFilter(filter: string): string {
  if (filter === '#') return '+/#'
  return filter === '/#' ? '/+/#' : filter
}

/** A first level that wildcards never stand for [MQTT-4.7.2-1]. */
export function isGuarded(level: string | undefined): boolean {
  return level !== undefined && level.charCodeAt(0) === dollar
}

function firstLevelsMeet(one: string | undefined, two: string | undefined): boolean {
  return one === two || !((isGuarded(one) && isWildcard(two)) || (isGuarded(two) && isWildcard(one)))
}

function isWildcard(level: string | undefined): boolean {
  return level === '+' || level === '#'
}

const dollar = 0x24
