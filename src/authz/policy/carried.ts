import type { Identity } from '../../engine/ports.ts'
import { isPattern } from '../../topic/filter.ts'
import { offerCovering, type Seeker } from './covering.ts'
import { inFull, LevelNode } from './level-tree.ts'
import { offerOverlapping } from './overlapping.ts'
import { plainLevels } from './pattern.ts'
import type { Subject } from './subject.ts'
import type { TopicLevels } from './topic-levels.ts'

export type CarriedTopics = 'carried publish' | 'carried subscribe'

/** Filters of one kind that count. */
export const mostCarried = 1_000

/** True when one of the filters that came with the identity matches all that `levels` match, see `offerCovering`. */
export function carriedCover(
  topics: CarriedTopics,
  levels: TopicLevels,
  wildcards: boolean,
  subject: Subject,
): boolean {
  const found = new Found(subject)
  offerCovering(treeOf(topics, subject.identity), levels, wildcards, found)
  return found.limit === 0
}

/** True when one of the filters that came with the identity matches some topic that a filter in full matches. */
export function carriedOverlap(topics: CarriedTopics, filter: TopicLevels, subject: Subject): boolean {
  const found = new Found(subject)
  offerOverlapping(treeOf(topics, subject.identity), filter, 'allow', found)
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

  offer(): void {
    this.limit = 0
  }
}

const everyAction = 0x3f

interface Trees {
  readonly publish: LevelNode
  readonly subscribe: LevelNode
}

const trees = new WeakMap<Identity, Trees>()

function treeOf(topics: CarriedTopics, identity: Identity): LevelNode {
  let known = trees.get(identity)
  if (known === undefined) {
    known = { publish: treeFrom('carried publish', identity), subscribe: treeFrom('carried subscribe', identity) }
    trees.set(identity, known)
  }
  return topics === 'carried publish' ? known.publish : known.subscribe
}

function treeFrom(topics: CarriedTopics, identity: Identity): LevelNode {
  const root = new LevelNode()
  for (const filter of carriedFilters(topics, identity)) {
    root.add({ rule: 0, levels: inFull(plainLevels(filter)), actions: everyAction, allows: true })
  }
  return root
}
