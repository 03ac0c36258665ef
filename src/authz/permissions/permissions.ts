import { type Rule, readBits, unlimited, writeBits } from '../policy/rule.ts'
import type { RuleList } from '../policy/source.ts'

const everyone = { ...unlimited, who: [] } as const
const place = { file: 'permissions', line: 0 }

const publish: Rule = {
  ...everyone,
  effect: 'allow',
  actions: writeBits,
  topics: 'carried publish',
  text: 'allow publishing to the topics that came with the identity',
  place,
}

const subscribe: Rule = {
  ...everyone,
  effect: 'allow',
  actions: readBits,
  topics: 'carried subscribe',
  text: 'allow subscribing to the topics that came with the identity',
  place,
}

/** What the proof of an identity says it may do, such as the claims of a token (`Identity.permissions`). */
export const carriedPermissions: RuleList = { rules: [publish, subscribe], remarks: [] }
