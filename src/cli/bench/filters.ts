const groups = 100

/** Filter number `index`: six of ten exact, two with `+`, two with a trailing `#`; all distinct. */
export function filterOf(index: number): string {
  const kind = index % 10
  if (kind === 6 || kind === 7) return `subs/+/${index}/state`
  return kind > 7 ? `subs/g${index % groups}/${index}/#` : `subs/g${index % groups}/${index}/value`
}

/** A topic that filter number `index` matches and no other. `group` stands where that filter has a `+`. */
export function topicOf(index: number, group: number): string {
  const kind = index % 10
  if (kind === 6 || kind === 7) return `subs/g${group % groups}/${index}/state`
  return kind > 7 ? `subs/g${index % groups}/${index}/any/thing` : `subs/g${index % groups}/${index}/value`
}

/** Numbers that look random and are the same in every run, so that every broker gets the same messages. */
export class Sequence {
  #state = 0x9e3779b9

  /** A whole number from 0 to `below` - 1. */
  next(below: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return (state >>> 0) % below
  }
}
