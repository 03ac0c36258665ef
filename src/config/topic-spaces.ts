import { basename, extname } from 'node:path'
import type { RuleMistakes } from './rule-mistakes.ts'
import { didYouMean } from './suggest.ts'
import { parseNode } from './topic-spaces-document.ts'
import { itemsOf, type Members, membersOf, type Node, textOf } from './topic-spaces-node.ts'
import {
  type ClientGroup,
  type PermissionBinding,
  type ResourceKind,
  readBinding,
  readGroup,
  readSpace,
  type Spot,
  type TopicSpace,
} from './topic-spaces-resource.ts'

/** What the files of topic spaces have. The same name may be there twice, and names may lead nowhere. */
export interface TopicSpaceResources {
  readonly clientGroups: readonly ClientGroup[]
  readonly topicSpaces: readonly TopicSpace[]
  readonly permissionBindings: readonly PermissionBinding[]
  /** What was passed over, and where it stands. */
  readonly passedOver: readonly { readonly at: Spot; readonly what: string }[]
}

/** Reads files of client groups, topic spaces and permission bindings, by path. */
export function parseTopicSpaces(texts: ReadonlyMap<string, string>, mistakes: RuleMistakes): TopicSpaceResources {
  const found = { clientGroups: [], topicSpaces: [], permissionBindings: [], passedOver: [] }
  for (const [file, text] of texts) {
    const node = parseNode(text, file, mistakes)
    if (node !== null) new FileReader(file, found, mistakes).read(node)
  }
  return found
}

/** How sections and types are called, without regard to case, plural and the namespace before it. */
const kinds: ReadonlyMap<string, ResourceKind | 'other'> = new Map([
  ['clientgroup', 'clientGroup'],
  ['topicspace', 'topicSpace'],
  ['permissionbinding', 'permissionBinding'],
  ['client', 'other'],
  ['cacertificate', 'other'],
  ['namespace', 'other'],
])
const lists = ['value', 'resources']
const sections = ['clientGroups', 'topicSpaces', 'permissionBindings']
/** Members of templates and exports that have no resources. */
const around = ['$schema', 'contentVersion', 'parameters', 'variables', 'outputs', 'nextLink', 'name', 'description']

interface Found {
  readonly clientGroups: ClientGroup[]
  readonly topicSpaces: TopicSpace[]
  readonly permissionBindings: PermissionBinding[]
  readonly passedOver: { readonly at: Spot; readonly what: string }[]
}

class FileReader {
  readonly #file: string
  readonly #found: Found
  readonly #mistakes: RuleMistakes

  constructor(file: string, found: Found, mistakes: RuleMistakes) {
    this.#file = file
    this.#found = found
    this.#mistakes = mistakes
  }

  read(node: Node): void {
    const members = membersOf(node)
    const items = itemsOf(node)
    if (items !== null) for (const item of items) this.#entry(item)
    else if (members !== null) this.#top(node, members)
    else if (node.content !== null)
      this.#mistakes.add(this.#file, node, 'must be a resource, a list of them, or sections')
  }

  /** An item of a list; those of JSON Lines may again have sections. */
  #entry(node: Node): void {
    const members = membersOf(node)
    if (members !== null && isDocument(members)) this.#document(members)
    else this.#resource(node, null, null)
  }

  #top(node: Node, members: Members): void {
    if (isDocument(members)) this.#document(members)
    else this.#resource(node, null, basename(this.#file, extname(this.#file)))
  }

  #document(members: Members): void {
    for (const [name, node] of members) {
      const kind = lists.includes(name) ? null : (kindCalled(name) ?? 'unknown')
      if (kind === 'other') this.#passOver(node, name)
      else if (kind !== 'unknown') this.#section(node, kind)
      else if (!around.includes(name))
        this.#mistakes.add(this.#file, node, `${JSON.stringify(name)} is not a section${didYouMean(name, sections)}`)
    }
  }

  #section(node: Node, kind: ResourceKind | null): void {
    const items = itemsOf(node)
    if (items !== null) for (const item of items) this.#resource(item, kind, null)
    else if (node.content !== null) this.#mistakes.add(this.#file, node, 'must be a list of resources')
  }

  #resource(node: Node, section: ResourceKind | null, fallbackName: string | null): void {
    const members = membersOf(node)
    if (members === null) {
      this.#mistakes.add(this.#file, node, 'must be a section with the properties of a resource')
      return
    }
    const kind = section ?? kindOfType(members) ?? kindOfFields(members)
    const context = { file: this.#file, node, members, fallbackName, mistakes: this.#mistakes }
    if (kind === 'other') this.#passOver(node, 'a resource of another type')
    else if (kind === 'clientGroup') push(this.#found.clientGroups, readGroup(context))
    else if (kind === 'topicSpace') push(this.#found.topicSpaces, readSpace(context))
    else if (kind === 'permissionBinding') push(this.#found.permissionBindings, readBinding(context))
    else
      this.#mistakes.add(
        this.#file,
        node,
        'is no client group (with "query"), topic space ("topicTemplates") or permission binding ("permission")',
      )
  }

  #passOver({ line, column }: Node, what: string): void {
    this.#found.passedOver.push({ at: { file: this.#file, line, column }, what })
  }
}

/** Sections with resources, or a list of them with what belongs to the list. */
function isDocument(members: Members): boolean {
  for (const [name, node] of members) {
    const hasList = itemsOf(node) !== null || node.content === null
    if (hasList && (lists.includes(name) || kindCalled(name) !== null)) return true
  }
  return false
}

function kindOfType(members: Members): ResourceKind | 'other' | null {
  const type = members.get('type')
  const text = type === undefined ? null : textOf(type)
  if (text === null) return null
  return kindCalled(text.slice(text.lastIndexOf('/') + 1)) ?? (text.includes('/') ? 'other' : null)
}

function kindCalled(name: string): ResourceKind | 'other' | null {
  return kinds.get(name.replaceAll('_', '').toLowerCase().replace(/s$/, '')) ?? null
}

function kindOfFields(members: Members): ResourceKind | null {
  const properties = members.get('properties')
  const fields = (properties && membersOf(properties)) ?? members
  if (fields.has('query')) return 'clientGroup'
  if (fields.has('topicTemplates')) return 'topicSpace'
  return fields.has('clientGroupName') || fields.has('topicSpaceName') ? 'permissionBinding' : null
}

function push<T>(list: T[], item: T | null): void {
  if (item !== null) list.push(item)
}
