import type { PermissionBinding } from '../../config/topic-spaces-resource.ts'
import { Allowance } from '../policy/allowance.ts'
import type { Pattern } from '../policy/pattern.ts'
import { type Condition, readBits, writeBits } from '../policy/rule.ts'

/** What a permission binding allows. */
export class BindingRule extends Allowance {
  readonly #binding: PermissionBinding

  constructor(
    binding: PermissionBinding,
    who: readonly Condition[],
    topics: readonly Pattern[],
    maximumSubscribers: number,
  ) {
    const { permission, at } = binding
    const actions = permission === 'Subscriber' ? readBits : writeBits
    super(actions, topics, who, maximumSubscribers, { file: at.file, line: at.line })
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
