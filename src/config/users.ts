import { Ajv, type ErrorObject } from 'ajv'
import { BrokerError } from '../base/errors.ts'
import { patternMistake } from './client-id-pattern.ts'
import { accepted } from './describe.ts'
import { parseConfigDocument } from './document.ts'
import { interpret } from './interpret.ts'
import { fileName, type Path, pathText } from './names.ts'
import { type OptionNode, ownKeywords } from './option.ts'
import { type Problem, shown } from './problem.ts'
import { type UsersFile, usersSchema } from './users-schema.ts'

/** One user as a YAML file has it. What its texts mean is for others to say. */
export type UserEntry = Readonly<Omit<UsersFile['users'][number], 'attributes'>> & {
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>
}

export interface UserList {
  readonly users: readonly UserEntry[]
  /** Where something of a user stands, as `file:line:column`. */
  place(index: number, ...path: Path): string
}

/** The YAML parser takes quadratic time for some senseless texts. */
export const maximumUsersYamlBytes = 131_072

/** Attribute names, and what all attributes of a user may take. */
const attributeName = /^[A-Za-z0-9_]{1,128}$/
const maximumAttributeBytes = 4_096

const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true })
for (const keyword of ownKeywords) ajv.addKeyword(keyword)
const isUsersFile = ajv.compile<UsersFile>(usersSchema)

/** Reads the text of a YAML file of users. @throws BrokerError USERS_FILE_INVALID with every mistake on a line of its own. */
export function parseUsers(text: string, file: string): UserList {
  const document = parseConfigDocument(text)
  const lines = document.mistakes.map(
    ({ position, message }) => `${file}:${position.line}:${position.column}: ${withoutValues(message)}`,
  )
  const problems: Problem[] = []
  const candidate = interpret(usersSchema, document.value ?? {}, [], problems)
  const users = validUsers(candidate, problems)
  const place = (path: Path, key: string | null) => {
    const { line, column } = document.position(path, key)
    return `${file}:${line}:${column}`
  }
  for (const { path, key, message } of problems.slice(0, 20))
    lines.push(`${place(path, key)}: ${key === null ? `${pathText(path) || 'the file'} ` : ''}${message}`)
  if (users === null || lines.length > 0) throw new BrokerError('USERS_FILE_INVALID', lines.join('\n'))
  return { users, place: (index, ...path) => place(['users', index, ...path], null) }
}

function validUsers(candidate: unknown, problems: Problem[]): UserEntry[] | null {
  if (!isUsersFile(candidate)) {
    for (const error of isUsersFile.errors ?? []) problems.push(explain(error))
    return null
  }
  candidate.users.forEach(({ clientIds = [] }, index) => {
    for (const [place, pattern] of clientIds.entries()) {
      const message = patternMistake(pattern)
      if (message !== null) problems.push({ path: ['users', index, 'clientIds', place], key: null, message })
    }
  })
  return candidate.users.map((user, index) => ({
    ...user,
    attributes: validAttributes(user.attributes, ['users', index, 'attributes'], problems),
  }))
}

function validAttributes(
  given: Readonly<Record<string, unknown>>,
  path: Path,
  problems: Problem[],
): UserEntry['attributes'] {
  const valid: [string, string | number | readonly string[]][] = []
  for (const [name, value] of Object.entries(given)) {
    const fits = typeof value === 'string' || Number.isSafeInteger(value) || isTexts(value)
    if (!attributeName.test(name))
      problems.push({ path, key: name, message: 'the name of an attribute has letters, digits and _ only' })
    else if (!fits)
      problems.push({ path, key: name, message: `${name} must be a text, a whole number or a list of texts` })
    else if (typeof value === 'string' || typeof value === 'number' || isTexts(value)) valid.push([name, value])
  }
  const attributes = Object.fromEntries(valid)
  if (Buffer.byteLength(JSON.stringify(attributes)) > maximumAttributeBytes)
    problems.push({ path, key: null, message: 'are more than 4 KiB' })
  return attributes
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function explain(error: ErrorObject): Problem {
  const steps = error.instancePath.split('/').slice(1)
  const path = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))
  let node: OptionNode = usersSchema
  for (const step of path) node = (typeof step === 'number' ? node.items : node.properties?.[step]) ?? {}
  return { path, key: null, message: messageOf(error, node) }
}

function messageOf(error: ErrorObject, node: OptionNode): string {
  if (error.keyword === 'required') return `needs "${fileName(String(error.params.missingProperty))}"`
  if (error.keyword === 'minLength') return 'must not be empty'
  // Elsewhere a value may be a password.
  const open = /^\/users\/\d+\/(?!password|scram)/.test(error.instancePath)
  return `must be ${accepted(node)}${open ? `, not ${shown(error.data)}` : ''}`
}

/** What the parser says without what it quotes, which may be part of a password. */
function withoutValues(message: string): string {
  return message.replace(/".*"/, '"…"').replace(/: .*$/, '')
}
