import { isIP } from 'node:net'
import type { AttributeValue, Identity } from '../engine/ports.ts'
import { Failure, usageExitCode } from './failure.ts'

/** Who `petaltail explain` is asked about. */
export interface ClientOptions {
  readonly client: string
  readonly user?: string
  readonly cert?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly anonymous?: boolean
  readonly role: readonly string[]
  readonly group: readonly string[]
  readonly attribute: readonly string[]
  readonly listener?: string
  readonly address?: string
}

/** A mistake in the command line. */
export function mistake(message: string): Failure {
  return new Failure(message, usageExitCode)
}

/** Options that cannot be used together, or mean nothing. */
export function checkClient({ user, cert, token, tokenFile, anonymous, address }: ClientOptions): void {
  if (token !== undefined && tokenFile !== undefined) throw mistake('give either --token or --token-file')
  const hasToken = token !== undefined || tokenFile !== undefined
  if (hasToken && user !== undefined) throw mistake('the user name is in the token: give either --user or a token')
  if (anonymous === true && (hasToken || user !== undefined || cert !== undefined))
    throw mistake('--anonymous is a client without user name, certificate and token')
  if (address !== undefined && isIP(address) === 0)
    throw mistake(`--address: ${JSON.stringify(address)} is no IP address`)
}

/** Adds what was given to what was found. */
export function withGiven(identity: Identity, { role, group, attribute }: ClientOptions): Identity {
  const { roles = [], groups = [], attributes = {} } = identity
  return {
    ...identity,
    ...(roles.length + role.length > 0 && { roles: [...new Set([...roles, ...role])] }),
    ...(groups.length + group.length > 0 && { groups: [...new Set([...groups, ...group])] }),
    ...((Object.keys(attributes).length > 0 || attribute.length > 0) && {
      attributes: { ...attributes, ...givenAttributes(attribute) },
    }),
  }
}

/** `NAME=VALUE` is a text, `NAME:=3` a whole number; a text that is given several times is a list. */
function givenAttributes(given: readonly string[]): Readonly<Record<string, AttributeValue>> {
  const values = new Map<string, AttributeValue>()
  for (const text of given) {
    const { name = '', colon = '', value = '' } = /^(?<name>[^=:]+)(?<colon>:?)=(?<value>.*)$/s.exec(text)?.groups ?? {}
    if (name === '') throw mistake(`--attribute: ${JSON.stringify(text)} is neither NAME=TEXT nor NAME:=NUMBER`)
    if (colon !== '' && !/^-?\d{1,10}$/.test(value))
      throw mistake(`--attribute: ${JSON.stringify(value)} is no whole number`)
    const before = values.get(name)
    if (colon !== '') values.set(name, Number(value))
    else if (before === undefined) values.set(name, value)
    else values.set(name, [...(typeof before === 'object' ? before : [String(before)]), value])
  }
  return Object.fromEntries(values)
}
