import { shown } from './problem.ts'
import type { RuleMistakes } from './rule-mistakes.ts'
import { didYouMean } from './suggest.ts'
import { parseNode } from './topic-spaces-document.ts'
import { itemsOf, type Members, membersOf, type Node, textOf } from './topic-spaces-node.ts'

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
/** The two ways a member is written. */
const publishNames = ['authorize_publish', 'authorizePublish']
const subscribeNames = ['authorize_subscribe', 'authorizeSubscribe']
const memberNames = ['name', ...publishNames, ...subscribeNames]

/** Reads the roles of a file, in which other sections may be about other things. */
export function parseRolePatterns(text: string, file: string, mistakes: RuleMistakes): readonly RoleEntry[] {
  const document = parseNode(text, file, mistakes)
  if (document === null) return []
  const top = membersOf(document) ?? none
  const config = top.get('config')
  const places = [top, (config && membersOf(config)) ?? none]
  const sections = places.flatMap((members) => lists.flatMap((name) => members.get(name) ?? []))
  const add = (node: Place, message: string) => mistakes.add(file, node, message)
  if (sections.length === 0) add(document, 'needs the section "acl" or "roles", at the top or in "config"')
  return sections.flatMap((section) => entriesOf(section, add))
}

type Place = Pick<Node, 'line' | 'column'>
type Add = (node: Place, message: string) => void

const none: Members = new Map()

function entriesOf(section: Node, add: Add): RoleEntry[] {
  if (section.content === null) return []
  const items = itemsOf(section)
  if (items === null) add(section, 'must be a list of roles')
  return (items ?? []).flatMap((item) => entryOf(item, add) ?? [])
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
