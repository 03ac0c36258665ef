/** A topic filter of a SUBSCRIBE or UNSUBSCRIBE packet, taken apart. */
export interface Filter {
  /** As the client wrote it. */
  readonly text: string
  /** The share name of `$share/name/filter`, or null [MQTT 4.8.2]. */
  readonly share: string | null
  /** What topics are matched with: `text` without the share. */
  readonly pattern: string
}

const shared = '$share/'

/** Parses a filter; null when it breaks a rule of MQTT 4.7.1 or 4.8.2. `$share` means something in every version. */
export function parseFilter(text: string): Filter | null {
  if (text !== '$share' && !text.startsWith(shared)) {
    return isPattern(text) ? { text, share: null, pattern: text } : null
  }
  const slash = text.indexOf('/', shared.length)
  const share = text.slice(shared.length, slash)
  const pattern = text.slice(slash + 1)
  if (slash < 0 || share === '' || /[+#]/.test(share) || !isPattern(pattern)) return null
  return { text, share, pattern }
}

/** A filter without a share: not empty, `#` alone in the last level, `+` alone in its level [MQTT-4.7.1-1] [MQTT-4.7.1-2]. */
export function isPattern(text: string): boolean {
  if (text === '') return false
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char !== 0x23 && char !== 0x2b) continue
    if (at > 0 && text.charCodeAt(at - 1) !== 0x2f) return false
    const last = at === text.length - 1
    if (!last && (char === 0x23 || text.charCodeAt(at + 1) !== 0x2f)) return false
  }
  return true
}

/** Topics only the broker itself publishes to. */
export function isReserved(topic: string): boolean {
  return topic.startsWith('$SYS/') || topic === '$SYS'
}

export function hasWildcard(pattern: string): boolean {
  return pattern.includes('+') || pattern.includes('#')
}

/** How many levels a topic name or filter has. */
export function countLevels(text: string): number {
  let levels = 1
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) levels++
  return levels
}

/** True when the topic filter matches the topic name [MQTT 4.7]; for one pair, the tree is for many. */
export function matches(pattern: string, topic: string): boolean {
  if (topic.charCodeAt(0) === dollar && (pattern.charCodeAt(0) === plus || pattern.charCodeAt(0) === hash)) return false // [MQTT-4.7.2-1]
  let at = 0
  let from = 0
  while (from < pattern.length) {
    const char = pattern.charCodeAt(from)
    if (char === hash) return true
    if (char === plus) {
      while (at < topic.length && topic.charCodeAt(at) !== slash) at++
      from++
    } else if (at < topic.length && topic.charCodeAt(at) === char) {
      at++
      from++
    } else {
      // What is left of the filter may be `/#`, which matches the level before it too.
      return at === topic.length && from === pattern.length - 2 && pattern.endsWith('/#')
    }
  }
  return at === topic.length
}

const slash = 0x2f
const plus = 0x2b
const hash = 0x23
const dollar = 0x24
