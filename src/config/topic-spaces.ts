import { basename, extname } from 'node:path'
import { parseNode } from './resource-document.ts'
import { itemsOf, type Members, membersOf, type Node, type Take, type Taken, textOf } from './resource-node.ts'
import type { RuleMistakes } from './rule-mistakes.ts'
import { didYouMean } from './suggest.ts'
import {
  type ClientGroup,
  type PermissionBinding,
  type ResourceContext,
  type ResourceKind,
  readBinding,
  readGroup,
  readSpace,
  type Spot,
  type TopicSpace,
} from './topic-spaces-resource.ts'

/**
 * Takes what the files of topic spaces have, as it is read, in any order. The same name may be there twice, and names may
 * lead nowhere.
 */
export interface Resources {
  clientGroup(group: ClientGroup): void
  topicSpace(space: TopicSpace): void
  permissionBinding(binding: PermissionBinding): void
  /** What was passed over, and where it stands. */
  passedOver(at: Spot, what: string): void
}

/**
 * Reads files of client groups, topic spaces and permission bindings, by path.
 *
 * @throws BrokerError ACCESS_INVALID when a file is not even YAML or JSON: much would seem to be missing.
 */
export function readResources(texts: ReadonlyMap<string, string>, into: Resources, mistakes: RuleMistakes): void {
  let broken = false
  for (const [file, text] of texts) {
    const reader = new FileReader(file, into, mistakes)
    const node = parseNode(text, file, mistakes, reader)
    if (node === null) broken = true
    else reader.read(node)
  }
  if (broken) mistakes.check()
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
const noResource =
  'is no client group (with "query"), topic space ("topicTemplates") or permission binding ("permission")'
const lists = ['value', 'resources']
const sections = ['clientGroups', 'topicSpaces', 'permissionBindings']
/** Members of templates and exports that have no resources. */
const around = ['$schema', 'contentVersion', 'parameters', 'variables', 'outputs', 'nextLink', 'name', 'description']

class FileReader implements Taken {
  readonly #file: string
  readonly #into: Resources
  readonly #mistakes: RuleMistakes
  readonly entries: Take = (item) => this.#entry(item)

  constructor(file: string, into: Resources, mistakes: RuleMistakes) {
    this.#file = file
    this.#into = into
    this.#mistakes = mistakes
  }

  list(name: string, outer: string | null): Take | null {
    const kind = outer === null ? sectionKind(name) : null
    return kind === null || kind === 'other' ? null : (item) => this.#item(item, kind)
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
      const kind = sectionKind(name)
      if (kind === 'other') this.#passOver(node, name)
      else if (kind !== null) this.#section(node, kind)
      else if (!around.includes(name))
        this.#mistakes.add(this.#file, node, `${JSON.stringify(name)} is not a section${didYouMean(name, sections)}`)
    }
  }

  #section(node: Node, kind: ResourceKind | 'any'): void {
    const items = itemsOf(node)
    if (items !== null) for (const item of items) this.#item(item, kind)
    else if (node.content !== null) this.#mistakes.add(this.#file, node, 'must be a list of resources')
  }

  #item(node: Node, kind: ResourceKind | 'any'): void {
    this.#resource(node, kind === 'any' ? null : kind, null)
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
    else if (kind === null) this.#mistakes.add(this.#file, node, noResource)
    else this.#read(kind, context)
  }

  #read(kind: ResourceKind, context: ResourceContext): void {
    if (kind === 'clientGroup') {
      const group = readGroup(context)
      if (group !== null) this.#into.clientGroup(group)
    } else if (kind === 'topicSpace') {
      const space = readSpace(context)
      if (space !== null) this.#into.topicSpace(space)
    } else {
      const binding = readBinding(context)
      if (binding !== null) this.#into.permissionBinding(binding)
    }
  }

  #passOver({ line, column }: Node, what: string): void {
    this.#into.passedOver({ file: this.#file, line, column }, what)
  }
}

/** Sections with resources, or a list of them with what belongs to the list. */
function isDocument(members: Members): boolean {
  for (const [name, node] of members) {
    const hasList = itemsOf(node) !== null || node.content === null
    if (hasList && sectionKind(name) !== null) return true
  }
  return false
}

function sectionKind(name: string): ResourceKind | 'other' | 'any' | null {
  return lists.includes(name) ? 'any' : kindCalled(name)
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
