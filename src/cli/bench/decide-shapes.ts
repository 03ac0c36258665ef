import type { ReadRules } from '../../authz/policy/source.ts'
import type { Identity } from '../../engine/ports.ts'
import type { Load } from './load.ts'

/** Rules in one of the forms they are written in, as many as are wanted, each about a client of its own. */
export interface DecideShape {
  readonly read: ReadRules
  /** The file with `amount` rules. */
  text(amount: number): string
  /** The client that the rule `index` is about. */
  identity(index: number): Identity
  /** What it may publish to. */
  topic(index: number): string
}

/** What each kind of load asks, which is loaded when it is wanted. */
export const decideShapes: Readonly<Partial<Record<Load['kind'], () => Promise<DecideShape>>>> = {
  'decide-users': users,
  'decide-ordered': ordered,
  'decide-roles': roles,
  'decide-spaces': spaces,
}

const named = (index: number): Identity => ({ name: `user-${index}`, method: 'password' })
const plant = (index: number): string => `plant/${index}`

/** An access control file of Mosquitto, a section for each user. */
async function users(): Promise<DecideShape> {
  const { readMosquittoAcl } = await import('../../authz/mosquitto-acl/mosquitto-acl.ts')
  return {
    read: readMosquittoAcl,
    text: (amount) => lines(amount, (index) => `user user-${index}\ntopic readwrite ${plant(index)}/#`),
    identity: named,
    topic: (index) => `${plant(index)}/state`,
  }
}

/** Rules for everybody, each about other topics. */
async function ordered(): Promise<DecideShape> {
  const { readOrderedRules } = await import('../../authz/ordered-rules/ordered-rules.ts')
  const rule = (index: number) =>
    `  - { name: rule ${index}, access: ReadWrite, client: All, topic: { pattern: '${plant(index)}/{%client%}/#' } }`
  return {
    read: readOrderedRules,
    text: (amount) => `rules:\n${lines(amount, rule)}`,
    identity: named,
    topic: (index) => `${plant(index)}/user-${index}/state`,
  }
}

/** A role for each client. */
async function roles(): Promise<DecideShape> {
  const { readRolePatterns } = await import('../../authz/role-patterns/role-patterns.ts')
  const role = (index: number) => ({
    name: `role-${index}`,
    authorizePublish: [`${plant(index)}/:id/#`],
    authorizeSubscribe: [],
  })
  return {
    read: readRolePatterns,
    text: (amount) => JSON.stringify({ roles: each(amount, role) }, null, 1),
    identity: (index) => ({ ...named(index), roles: [`role-${index}`] }),
    topic: (index) => `${plant(index)}/user-${index}/state`,
  }
}

/** A topic space, a client group and a permission binding for each client. */
async function spaces(): Promise<DecideShape> {
  const { readTopicSpaces } = await import('../../authz/topic-spaces/topic-spaces.ts')
  const document = (amount: number) => ({
    clientGroups: each(amount, (index) => ({ name: `group-${index}`, query: `attributes.area = "area-${index}"` })),
    topicSpaces: each(amount, (index) => ({
      name: `space-${index}`,
      topicTemplates: [`${plant(index)}/\${client.authenticationName}/#`],
    })),
    permissionBindings: each(amount, (index) => ({
      name: `binding-${index}`,
      clientGroupName: `group-${index}`,
      topicSpaceName: `space-${index}`,
      permission: 'Publisher',
    })),
  })
  return {
    read: readTopicSpaces({ fanoutChecks: false }),
    text: (amount) => JSON.stringify(document(amount), null, 1),
    identity: (index) => ({ ...named(index), attributes: { area: `area-${index}` } }),
    topic: (index) => `${plant(index)}/user-${index}/state`,
  }
}

function each<T>(amount: number, make: (index: number) => T): T[] {
  return Array.from({ length: amount }, (_, index) => make(index))
}

function lines(amount: number, line: (index: number) => string): string {
  return `${each(amount, line).join('\n')}\n`
}
