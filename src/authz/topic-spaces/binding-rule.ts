import type { PermissionBinding } from '../../config/topic-spaces-resource.ts'
import type { Pattern } from '../policy/pattern.ts'
import { type Condition, type Place, type Rule, readBits, writeBits } from '../policy/rule.ts'

/** What a permission binding allows. The words for it are put together when they are asked for: few ever are. */
export class BindingRule implements Rule {
  readonly effect = 'allow'
  readonly actions: number
  readonly topics: readonly Pattern[]
  readonly who: readonly Condition[]
  readonly maximumQos = 2
  readonly retain = null
  readonly maximumSubscribers: number
  readonly place: Place
  readonly #binding: PermissionBinding

  constructor(
    binding: PermissionBinding,
    who: readonly Condition[],
    topics: readonly Pattern[],
    maximumSubscribers: number,
  ) {
    this.actions = binding.permission === 'Subscriber' ? readBits : writeBits
    this.topics = topics
    this.who = who
    this.maximumSubscribers = maximumSubscribers
    this.place = { file: binding.at.file, line: binding.at.line }
    this.#binding = binding
  }

  get text(): string {
    return bindingText(this.#binding)
  }
}

/** What a binding says, on one line. */
export function bindingText({ name, group, permission, space }: PermissionBinding): string {
  const title = name === '' ? '' : `permission binding "${name}": `
  return `${title}client group "${group.text}" is ${permission} of topic space "${space.text}"`
}
