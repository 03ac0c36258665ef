import type { ClientGroup } from '../../config/topic-spaces-resource.ts'
import type { Condition } from '../policy/rule.ts'
import type { Query } from './query.ts'
import { shortened } from './shortened.ts'

/** A client is in a group. The words for it are put together when they are asked for: few ever are. */
export class InGroup implements Condition {
  readonly holds: Condition['holds']
  readonly among: Condition['among']
  readonly #name: string
  readonly #query: string

  constructor({ name, query: { text } }: ClientGroup, { holds, names }: Query) {
    this.holds = holds
    this.among = names === null ? undefined : { fact: 'user', values: names }
    this.#name = name
    this.#query = text
  }

  get text(): string {
    return `client is in group "${this.#name}" (${shortened(this.#query)})`
  }
}
