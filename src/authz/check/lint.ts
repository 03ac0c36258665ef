import type { Pattern } from '../policy/pattern.ts'
import { placeText, type Rule, readBits, writeBits, writtenRules } from '../policy/rule.ts'
import type { Remark } from '../policy/source.ts'
import { meetTopics } from './pattern-cover.ts'
import { RuleBuckets } from './rule-buckets.ts'
import { coversRule, coversWho } from './rule-cover.ts'

export interface Lint {
  /** In the order of the rules. */
  readonly remarks: readonly Remark[]
  /** There were so many rules that not every one was compared with all before it. */
  readonly partial: boolean
}

/** What attributes clients may have; null where that cannot be known. */
export type KnownAttributes = ReadonlySet<string> | null

/** Pairs of rules that are compared. */
const patience = 3_000_000

/** Finds rules that are valid and probably not what was meant. */
export function lint(rules: readonly Rule[], attributes: KnownAttributes): Lint {
  const remarks: Remark[] = []
  const earlier = new RuleBuckets()
  let left = patience
  for (const rule of writtenRules(rules)) {
    const say = (text: string) => remarks.push({ ...rule.place, text })
    for (const text of [...tooWide(rule), ...neverSet(rule, attributes)]) say(text)
    let covered = false
    let overlap: Rule | null = null
    for (const other of earlier.about(rule)) {
      if (--left < 0) break
      if (!covered && coversRule(other, rule)) {
        covered = true
        say(`never decides: ${placeText(other.place)} comes first and is about all of it: ${other.text}`)
        break
      }
      if (overlap === null && contradicts(other, rule)) overlap = other
    }
    if (!covered && overlap !== null)
      say(`denies less than it says: what ${placeText(overlap.place)} allows stays allowed: ${overlap.text}`)
    earlier.add(rule)
  }
  return { remarks, partial: left < 0 }
}

/** An earlier rule allows some of what a later one denies, to all whom it denies it. */
function contradicts(earlier: Rule, later: Rule): boolean {
  return (
    earlier.effect === 'allow' &&
    later.effect === 'deny' &&
    (earlier.actions & later.actions) !== 0 &&
    coversWho(earlier.who, later.who) &&
    meetTopics(earlier, later)
  )
}

function tooWide({ effect, actions, who, topics }: Rule): string[] {
  if (effect !== 'allow' || who.length > 0 || typeof topics === 'string') return []
  const reads = (actions & readBits) !== 0
  const writes = (actions & writeBits) !== 0
  const verbs = [...(writes ? ['publish to'] : []), ...(reads ? ['read'] : [])].join(' and ')
  if (verbs === '') return []
  if (topics === null) return [`lets everybody ${verbs} all topics, those that begin with $ too`]
  const all = topics.find(({ text }) => text === '#' || text === '+/#')
  const own = writes ? topics.find(isOfBroker) : undefined
  return [
    ...(all === undefined ? [] : [`lets everybody ${verbs} all topics: ${all.text}`]),
    ...(own === undefined ? [] : [`lets everybody publish to topics of the broker itself: ${own.text}`]),
  ]
}

function isOfBroker({ levels }: Pattern): boolean {
  return levels[0] === '$SYS' || levels[0] === '$CONTROL'
}

function neverSet({ topics, who }: Rule, attributes: KnownAttributes): string[] {
  if (attributes === null) return []
  const unknown = (names: readonly string[]) => [...new Set(names)].filter((name) => !attributes.has(name))
  const patterns = topics === null || typeof topics === 'string' ? [] : topics
  const asked = who.flatMap(({ text }) => /^attribute (\w+) is /.exec(text)?.[1] ?? [])
  return [
    ...unknown(asked).map((name) => `no client has the attribute ${name}, so it is about nobody`),
    ...unknown(patterns.flatMap(attributesIn)).map(
      (name) => `no client has the attribute ${name}: its topic matches nothing`,
    ),
  ]
}

/** The names of the attributes in the variables of a pattern. */
export function attributesIn({ levels }: Pattern): string[] {
  const pieces = levels.flatMap((level) => (typeof level === 'object' ? level : []))
  return pieces.flatMap((piece) => (typeof piece === 'string' ? [] : (/attributes\.(\w+)/.exec(piece.text)?.[1] ?? [])))
}
