import { shown } from './problem.ts'
import { itemsOf, type Members, membersOf, type Node, textOf } from './resource-node.ts'
import type { RuleMistakes } from './rule-mistakes.ts'
import { closest, didYouMean } from './suggest.ts'

export type ResourceKind = 'clientGroup' | 'topicSpace' | 'permissionBinding'

/** Where something stands, line and column from 1. */
export interface Spot {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A text of a file that somebody else is to make sense of, and where it stands. */
export interface Given extends Spot {
  readonly text: string
}

export interface ClientGroup {
  readonly name: string
  readonly at: Spot
  readonly query: Given
}

export interface TopicSpace {
  readonly name: string
  readonly at: Spot
  readonly templates: readonly Given[]
  readonly support: SubscriptionSupport | null
}

export type SubscriptionSupport = (typeof supports)[number]

export interface PermissionBinding {
  /** Empty where it has none. */
  readonly name: string
  readonly at: Spot
  readonly group: Given
  readonly space: Given
  readonly permission: Permission
}

export type Permission = (typeof permissions)[number]

const supports = ['NotSupported', 'LowFanout', 'HighFanout'] as const
const permissions = ['Publisher', 'Subscriber'] as const
const resourceName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
/** What resources have that is passed over, and no misspelling of anything. */
const usual = new Set(['id', 'name', 'type', 'description', 'properties', 'systemData', 'provisioningState'])
/** The group that has every client. */
export const everyone = '$all'

/** One resource and what is around it. */
export interface ResourceContext {
  readonly file: string
  readonly node: Node
  readonly members: Members
  /** Its name if it says none. */
  readonly fallbackName: string | null
  readonly mistakes: RuleMistakes
}

/** Null when it has mistakes, here and in what follows. */
export function readGroup(context: ResourceContext): ClientGroup | null {
  const fields = new Fields(context, ['query'])
  const name = fields.name('a client group')
  const query = fields.given('query')
  return name === null || query === null ? null : { name, at: fields.at, query }
}

export function readSpace(context: ResourceContext): TopicSpace | null {
  const fields = new Fields(context, ['topicTemplates', 'subscriptionSupport'])
  const name = fields.name('a topic space')
  const templates = fields.texts('topicTemplates')
  const support = fields.has('subscriptionSupport') ? fields.choice('subscriptionSupport', supports) : null
  return name === null || templates === null ? null : { name, at: fields.at, templates, support }
}

export function readBinding(context: ResourceContext): PermissionBinding | null {
  const fields = new Fields(context, ['clientGroupName', 'topicSpaceName', 'permission'])
  const group = fields.given('clientGroupName')
  const space = fields.given('topicSpaceName')
  const permission = fields.choice('permission', permissions)
  if (group === null || space === null || permission === null) return null
  return { name: fields.nameText() ?? '', at: fields.at, group, space, permission }
}

/** The properties of a resource, in a section of their own or without. What else there is, is passed over. */
class Fields {
  readonly at: Spot
  readonly #context: ResourceContext
  readonly #fields: Members

  constructor(context: ResourceContext, names: readonly string[]) {
    const properties = context.members.get('properties')
    this.#context = context
    this.#fields = (properties && membersOf(properties)) ?? context.members
    this.at = this.#spot(context.node)
    if (names.every((name) => this.#fields.has(name))) return
    for (const [name, node] of this.#fields) {
      const meant = names.includes(name) || usual.has(name) ? null : closest(name, names)
      if (meant !== null && !this.#fields.has(meant))
        this.#mistake(node, `${JSON.stringify(name)} is not a property, did you mean "${meant}"?`)
    }
  }

  has(name: string): boolean {
    const node = this.#fields.get(name)
    return node !== undefined && node.content !== null
  }

  /** Its name, or the last part of its identifier; in templates names stand behind that of the namespace. */
  nameText(): string | null {
    const { members, fallbackName } = this.#context
    const node = members.get('name') ?? this.#fields.get('name') ?? members.get('id')
    const text = node === undefined ? fallbackName : textOf(node)
    return text === null ? null : text.slice(text.lastIndexOf('/') + 1)
  }

  name(kind: string): string | null {
    const { members, node } = this.#context
    const name = this.nameText()
    const place = members.get('name') ?? node
    if (name === everyone) this.#mistake(place, `"${everyone}" has every client, and cannot be defined`)
    else if (name !== null && resourceName.test(name)) return name
    else if (name === null || name === '') this.#mistake(place, `${kind} needs a name`)
    else this.#mistake(place, `${shown(name)} cannot be the name of ${kind}: it has letters, digits, - . and _ only`)
    return null
  }

  given(name: string): Given | null {
    const node = this.#required(name)
    return node === null ? null : this.#textIn(node, name)
  }

  texts(name: string): readonly Given[] | null {
    const node = this.#required(name)
    if (node === null) return null
    const given = (itemsOf(node) ?? [node]).map((item) => this.#textIn(item, name))
    const texts = given.filter((item) => item !== null)
    if (given.length === 0) this.#mistake(node, `"${name}" needs at least one`)
    return texts.length === 0 || texts.length < given.length ? null : texts
  }

  choice<const Word extends string>(name: string, words: readonly Word[]): Word | null {
    const given = this.given(name)
    if (given === null) return null
    const { text } = given
    const word = words.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
    if (word !== undefined) return word
    const accepted = words.map((candidate) => `"${candidate}"`).join(', ')
    this.#mistake(given, `"${name}" must be one of ${accepted}, not ${shown(text)}${didYouMean(text, words)}`)
    return null
  }

  #required(name: string): Node | null {
    const node = this.#fields.get(name)
    if (node !== undefined && node.content !== null) return node
    this.#mistake(node ?? this.#context.node, `needs "${name}"`)
    return null
  }

  #textIn(node: Node, name: string): Given | null {
    const text = textOf(node)
    if (text !== null && text !== '' && text.isWellFormed()) return this.#given(text, node)
    this.#mistake(node, text === '' ? `"${name}" must not be empty` : `"${name}" must be a text`)
    return null
  }

  #given(text: string, { line, column }: Node): Given {
    return { file: this.#context.file, line, column, text }
  }

  #spot({ line, column }: Node): Spot {
    return { file: this.#context.file, line, column }
  }

  #mistake(place: { readonly line: number; readonly column: number }, message: string): void {
    this.#context.mistakes.add(this.#context.file, place, message)
  }
}
