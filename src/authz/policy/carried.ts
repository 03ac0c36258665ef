import type { Identity } from '../../engine/ports.ts'
import { isPattern } from '../../topic/filter.ts'
import { offerCovering, type Seeker } from './covering.ts'
import { inFull, LevelNode } from './level-tree.ts'
import { OverlapIndex } from './overlap-index.ts'
import { plainLevels } from './pattern.ts'
import type { Subject } from './subject.ts'
import type { TopicLevels } from './topic-levels.ts'

export type CarriedTopics = 'carried publish' | 'carried subscribe'

/** Filters of one kind that count. */
const mostCarried = 1_000

/** True when one of the filters that came with the identity matches all that `levels` match, see `offerCovering`. */
export function carriedCover(
  topics: CarriedTopics,
  levels: TopicLevels,
  wildcards: boolean,
  subject: Subject,
): boolean {
  const found = new Found(subject)
  offerCovering(foundIn(topics, subject.identity).tree, levels, wildcards, found)
  return found.limit === 0
}

/** True when one of the filters that came with the identity matches some topic that a filter in full matches. */
export function carriedOverlap(topics: CarriedTopics, filter: TopicLevels, subject: Subject): boolean {
  const found = new Found(subject)
  foundIn(topics, subject.identity).overlaps.offer(filter, found)
  return found.limit === 0
}

/** The filters that count: an invalid one matches nothing. */
export function carriedFilters(topics: CarriedTopics, identity: Identity): readonly string[] {
  const { permissions } = identity
  if (permissions === undefined) return []
  const filters = topics === 'carried publish' ? permissions.publish : permissions.subscribe
  return filters.slice(0, mostCarried).filter((filter) => isPattern(filter) && !filter.includes('\0'))
}

/** Whether anything was found. */
class Found implements Seeker {
  readonly subject: Subject
  readonly actions = everyAction
  limit = 1

  constructor(subject: Subject) {
    this.subject = subject
  }

  excludes(): boolean {
    return false
  }

  offer(): void {
    this.limit = 0
  }
}

const everyAction = 0x3f

/** The filters of one kind. */
interface Filters {
  readonly tree: LevelNode
  readonly overlaps: OverlapIndex
}

const known = new WeakMap<Identity, Readonly<Record<CarriedTopics, Filters>>>()

function foundIn(topics: CarriedTopics, identity: Identity): Filters {
  let filters = known.get(identity)
  if (filters === undefined) {
    filters = {
      'carried publish': filed('carried publish', identity),
      'carried subscribe': filed('carried subscribe', identity),
    }
    known.set(identity, filters)
  }
  return filters[topics]
}

function filed(topics: CarriedTopics, identity: Identity): Filters {
  const filters = { tree: new LevelNode(), overlaps: new OverlapIndex() }
  for (const filter of carriedFilters(topics, identity)) {
    const entry = { rule: 0, levels: inFull(plainLevels(filter)), actions: everyAction, file: '' }
    filters.tree.add(entry)
    filters.overlaps.add(entry)
  }
  return filters
}
