import { shown } from './problem.ts'
import { parseNode } from './resource-document.ts'
import { itemsOf, type Members, membersOf, type Node, type Take, textOf } from './resource-node.ts'
import type { RuleMistakes } from './rule-mistakes.ts'
import { didYouMean } from './suggest.ts'

/** A role, and the patterns of the topics it may use. */
export interface RoleEntry {
  readonly role: string
  readonly line: number
  readonly publish: readonly GivenPattern[]
  readonly subscribe: readonly GivenPattern[]
}

export interface GivenPattern {
  readonly text: string
  readonly line: number
  readonly column: number
}

const lists = ['acl', 'roles']
const container = 'config'
/** The two ways a member is written. */
const publishNames = ['authorize_publish', 'authorizePublish']
const subscribeNames = ['authorize_subscribe', 'authorizeSubscribe']
const memberNames = ['name', ...publishNames, ...subscribeNames]

/** Reads the roles of a file, in which other sections may be about other things. */
export function parseRolePatterns(text: string, file: string, mistakes: RuleMistakes): readonly RoleEntry[] {
  const entries: RoleEntry[] = []
  const add = (node: Place, message: string) => mistakes.add(file, node, message)
  const take: Take = (item) => {
    const entry = entryOf(item, add)
    if (entry !== null) entries.push(entry)
  }
  const isTaken = (name: string, outer: string | null) =>
    lists.includes(name) && (outer === null || outer === container)
  const document = parseNode(text, file, mistakes, {
    entries: null,
    list: (name, outer) => (isTaken(name, outer) ? take : null),
  })
  if (document === null) return []
  const sections = sectionsOf(document)
  if (sections.length === 0) add(document, 'needs the section "acl" or "roles", at the top or in "config"')
  for (const section of sections) takeAll(section, take, add)
  return entries
}

function sectionsOf(document: Node): readonly Node[] {
  const top = membersOf(document) ?? none
  const config = top.get(container)
  const places = [top, (config && membersOf(config)) ?? none]
  return places.flatMap((members) => lists.flatMap((name) => members.get(name) ?? []))
}

type Place = Pick<Node, 'line' | 'column'>
type Add = (node: Place, message: string) => void

const none: Members = new Map()

function takeAll(section: Node, take: Take, add: Add): void {
  const items = itemsOf(section)
  if (items !== null) for (const item of items) take(item)
  else if (section.content !== null) add(section, 'must be a list of roles')
}

function entryOf(node: Node, add: Add): RoleEntry | null {
  const members = membersOf(node)
  if (members === null) {
    add(node, 'must be a role: a section with a name and lists of patterns')
    return null
  }
  for (const [name, member] of members) {
    if (!memberNames.includes(name)) add(member, `${shown(name)} is not known here${didYouMean(name, memberNames)}`)
  }
  const name = members.get('name')
  const role = name === undefined ? null : textOf(name)
  if (role === null || role === '' || !role.isWellFormed()) {
    add(name ?? node, 'a role needs a name, which is a text')
    return null
  }
  const publish = patternsOf(members, publishNames, add)
  return { role, line: node.line, publish, subscribe: patternsOf(members, subscribeNames, add) }
}

function patternsOf(members: Members, names: readonly string[], add: Add): GivenPattern[] {
  return names.flatMap((name) => {
    const node = members.get(name)
    if (node === undefined || node.content === null) return []
    const items = itemsOf(node)
    if (items === null) add(node, `"${name}" must be a list of patterns`)
    return (items ?? []).flatMap((item) => {
      const text = textOf(item)
      if (text?.isWellFormed()) return [{ text, line: item.line, column: item.column }]
      add(item, 'a pattern must be a text')
      return []
    })
  })
}
