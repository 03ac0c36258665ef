// Topic filters as the specification tells it, level by level and without any thought of speed.

/** The filter matches the topic [MQTT 4.7]. */
export function naiveMatches(filter: string, topic: string): boolean {
  return covers(filter.split('/'), topic.split('/'))
}

/** Every topic that `inner` matches, `outer` matches too. */
export function naiveCovers(outer: string, inner: string): boolean {
  // Nothing has the empty text as its topic.
  if (inner === '/#') return naiveCovers(outer, '/+/#')
  return covers(outer.split('/'), inner.split('/'))
}

function covers(outer: readonly string[], inner: readonly string[]): boolean {
  const [first = ''] = inner
  if (first.startsWith('$') && (outer[0] === '+' || outer[0] === '#')) return false
  // Any topic has at least one level, so this is the same as #.
  if (first === '#' && outer[0] === '+' && outer[1] === '#') return true
  for (let index = 0; ; index++) {
    const wanted = outer[index]
    const given = inner[index]
    if (wanted === '#') return true
    if (given === undefined || wanted === undefined) return given === wanted
    if (given === '#') return false
    if (wanted !== '+' && (given === '+' || given !== wanted)) return false
  }
}

/** A value that may stand for a level or a part of one. */
function isUsable(value: string): boolean {
  return value !== '' && !/[+#/\0]/.test(value)
}

/**
 * The template with each value in place of what matches, each occurrence on its own; no value, no filter. No value makes it
 * begin with `$`.
 */
export function substitutions(
  template: string,
  word: RegExp,
  valuesOf: (word: string) => readonly string[],
  isStart = true,
): string[] {
  const found = word.exec(template)
  if (found === null) return [template]
  const [text] = found
  const before = template.slice(0, found.index)
  const after = substitutions(template.slice(found.index + text.length), word, valuesOf, false)
  return valuesOf(text)
    .filter((value) => isUsable(value) && !(isStart && before === '' && value.startsWith('$')))
    .flatMap((value) => after.map((end) => before + value + end))
}
