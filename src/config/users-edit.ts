import { isDeepStrictEqual } from 'node:util'
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { BrokerError } from '../base/errors.ts'
import { parseUsers, type UserEntry } from './users.ts'

/** What a user is to have from now on in place of what it had. */
export interface Secrets {
  readonly name: string
  readonly password: string
  readonly scram: readonly string[]
}

/** A piece of text to stand in place of another. */
interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Gives users of a YAML file new passwords, and adds those that are not there. Nothing else in the text changes.
 *
 * @throws BrokerError USERS_FILE_INVALID when the file has a mistake, or a form in which that cannot be done.
 */
export function setUsersYaml(text: string, file: string, changes: readonly Secrets[]): string {
  const { users } = parseUsers(text, file)
  const document = parseDocument(text)
  const known = new Set(users.map(({ name }) => name))
  const splices: Splice[] = []
  for (const change of changes) {
    const user = userNode(document, change.name)
    if (user !== null) splices.push(...secretSplices(user, text, change))
  }
  const added = changes.filter(({ name }) => !known.has(name))
  if (added.length > 0) splices.push(additionTo(document, text, added))
  const expected = users.map((user) => changed(user, changes)).concat(added.map(newUser))
  return checked(spliced(text, splices), file, expected)
}

/** Removes a user from a YAML file; null when it is not there. @throws BrokerError USERS_FILE_INVALID. */
export function deleteUserYaml(text: string, file: string, name: string): string | null {
  const { users } = parseUsers(text, file)
  const user = userNode(parseDocument(text), name)
  if (user === null || !users.some((present) => present.name === name)) return null
  const [start, end] = rangeOf(user)
  const line = text.lastIndexOf('\n', start - 1) + 1
  const after = text.charAt(end - 1) === '\n' ? end : endOfLine(text, end)
  const without = spliced(text, [{ start: line, end: after, text: '' }])
  return checked(
    without,
    file,
    users.filter((present) => present.name !== name),
  )
}

/** The text, if it says what it should: YAML can be written in many ways. */
function checked(text: string, file: string, expected: readonly UserEntry[]): string {
  if (isDeepStrictEqual(usersIn(text, file), expected)) return text
  const why = 'the list of users has a form this command cannot change: write each user as a section of its own'
  throw new BrokerError('USERS_FILE_INVALID', `${file}: ${why}`)
}

function usersIn(text: string, file: string): readonly UserEntry[] | null {
  try {
    return parseUsers(text, file).users
  } catch {
    return null
  }
}

function changed(user: UserEntry, changes: readonly Secrets[]): UserEntry {
  const change = changes.find(({ name }) => name === user.name)
  return change === undefined ? user : { ...user, password: change.password, scram: [...change.scram] }
}

function newUser({ name, password, scram }: Secrets): UserEntry {
  return { name, password, scram: [...scram], roles: [], groups: [], attributes: {}, disabled: false }
}

function userNode(document: Document, name: string): YAMLMap | null {
  const list = document.get('users')
  if (!isSeq(list)) return null
  for (const item of list.items) if (isMap(item) && item.get('name') === name) return item
  return null
}

function secretSplices(user: YAMLMap, text: string, { password, scram }: Secrets): Splice[] {
  const splices = [valueSplice(user, text, 'password', quoted(password))]
  if (scram.length > 0 || user.has('scram')) splices.push(valueSplice(user, text, 'scram', quotedList(scram)))
  return splices
}

/** Replaces the value of a key, or adds the key after the name. */
function valueSplice(user: YAMLMap, text: string, key: string, value: string): Splice {
  const pair = user.items.find((item) => isScalar(item.key) && item.key.value === key)
  if (pair !== undefined) {
    const [start, end] = rangeOf(pair.value)
    const blank = text.charAt(start - 1) === ':' ? ' ' : ''
    return { start, end, text: `${blank}${value}${text.charAt(end - 1) === '\n' && end > start ? '\n' : ''}` }
  }
  const [, end] = rangeOf(user.get('name', true))
  if (user.flow === true) return { start: end, end, text: `, ${key}: ${value}` }
  const [start] = rangeOf(user)
  const indentation = ' '.repeat(start - text.lastIndexOf('\n', start - 1) - 1)
  const line = endOfLine(text, end)
  const before = text.charAt(line - 1) === '\n' ? '' : '\n'
  return { start: line, end: line, text: `${before}${indentation}${key}: ${value}\n` }
}

function additionTo(document: Document, text: string, added: readonly Secrets[]): Splice {
  const list = document.get('users', true)
  if (isSeq(list) && list.items.length > 0 && list.flow !== true) return additionAfter(list, text, added)
  const items = added.map((user) => itemText(user, '  ')).join('')
  if (isNode(list)) {
    const [start, end] = rangeOf(list)
    return { start, end, text: `\n${items.trimEnd()}` }
  }
  const before = text === '' || text.endsWith('\n') ? '' : '\n'
  return { start: text.length, end: text.length, text: `${before}users:\n${items}` }
}

function additionAfter(list: YAMLSeq, text: string, added: readonly Secrets[]): Splice {
  const [first] = rangeOf(list.items[0])
  const [, last] = rangeOf(list.items.at(-1))
  const line = text.slice(text.lastIndexOf('\n', first - 1) + 1, first)
  const indentation = /^ */.exec(line)?.[0] ?? ''
  const end = text.charAt(last - 1) === '\n' ? last : endOfLine(text, last)
  const before = text.charAt(end - 1) === '\n' ? '' : '\n'
  return { start: end, end, text: before + added.map((user) => itemText(user, indentation)).join('') }
}

function itemText({ name, password, scram }: Secrets, indentation: string): string {
  const lines = [`- name: ${stringify(name, { lineWidth: 0 }).trimEnd()}`, `  password: ${quoted(password)}`]
  if (scram.length > 0) lines.push(`  scram: ${quotedList(scram)}`)
  return lines.map((line) => `${indentation}${line}\n`).join('')
}

/** Hashes and verifiers have no quotes in them. */
function quoted(text: string): string {
  return `'${text}'`
}

function quotedList(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(', ')}]`
}

/** From the last to the first, so that the others stay where they are; at one place, in their order. */
function spliced(text: string, splices: readonly Splice[]): string {
  const ordered = splices.map((splice, index) => ({ ...splice, index }))
  ordered.sort((one, other) => other.start - one.start || other.index - one.index)
  let result = text
  for (const { start, end, text: piece } of ordered) result = result.slice(0, start) + piece + result.slice(end)
  return result
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = isNode(node) ? node.range : null
  return range === null || range === undefined ? [0, 0] : [range[0], range[1]]
}

/** Where the line ends that a place is in, its end included. */
function endOfLine(text: string, place: number): number {
  const end = text.indexOf('\n', place)
  return end < 0 ? text.length : end + 1
}
