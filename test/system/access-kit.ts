import { type ConnectFields, v5 } from '../kit/packets.ts'
import type { WireClient } from '../kit/wire-client.ts'
import { audience, issuer, type Json, Signer } from '../unit/authn/token-kit.ts'
import { Site, type SiteConfig } from './identity-kit.ts'

/** What one user may do, in words that every source of rules can say. */
export interface Grant {
  readonly user: string
  readonly access: 'read' | 'write' | 'readwrite'
  readonly filter: string
}

/** One way to write rules. */
export interface Dialect {
  readonly name: string
  readonly file: string
  /** The section of the configuration. */
  section(path: string): object
  text(grants: readonly Grant[]): string
  /** A file with a mistake, and where the mistake is. */
  readonly broken: string
  readonly place: string
}

const reads = ({ access }: Grant) => access !== 'write'
const writes = ({ access }: Grant) => access !== 'read'

const mosquitto: Dialect = {
  name: 'Mosquitto ACL',
  file: 'rules.acl',
  section: (file) => ({ mosquitto_acl: { file } }),
  text: (grants) => grants.map(({ user, access, filter }) => `user ${user}\ntopic ${access} ${filter}\n`).join(''),
  broken: 'user ann\ntopic raed a\n',
  place: 'rules.acl:2:7',
}

const accessWords = { read: 'Read', write: 'Write', readwrite: 'ReadWrite' } as const

const ordered: Dialect = {
  name: 'ordered rules',
  file: 'ordered.yaml',
  section: (file) => ({ ordered_rules: { file } }),
  text: (grants) => {
    const rule = ({ user, access, filter }: Grant) =>
      ` - {access: ${accessWords[access]}, client: {specific: ${JSON.stringify(user)}}, topic: {specific: ${JSON.stringify(filter)}}}\n`
    return grants.length === 0 ? 'rules: []\n' : `rules:\n${grants.map(rule).join('')}`
  },
  broken: 'rules:\n - {access: Raed, client: All, topic: All}\n',
  place: 'ordered.yaml:2:13',
}

const actionWords = {
  read: '[subscribe]',
  write: '[publish]',
  readwrite: '[publish, subscribe]',
} as const

const native: Dialect = {
  name: 'rules',
  file: 'rules.yaml',
  section: (file) => ({ rules: { file } }),
  text: (grants) => {
    const rule = ({ user, access, filter }: Grant) =>
      `  - {allow: ${actionWords[access]}, user: ${JSON.stringify(user)}, topic: ${JSON.stringify(filter)}}\n`
    return grants.length === 0 ? 'rules: []\n' : `rules:\n${grants.map(rule).join('')}`
  },
  broken: 'rules:\n  - {allow: publsh, topic: a}\n',
  place: 'rules.yaml:2:',
}

const spaces: Dialect = {
  name: 'topic spaces',
  file: 'spaces.yaml',
  section: (file) => ({ topic_spaces: { files: [file] } }),
  text: (grants) => {
    const users = [...new Set(grants.map(({ user }) => user))]
    const groups = users.map((user, index) => `  - {name: group${index}, query: "name = '${user}'"}\n`)
    const topics = grants.map(
      ({ filter }, index) => `  - {name: space${index}, topicTemplates: [${JSON.stringify(filter)}]}\n`,
    )
    const bindings = grants.flatMap((grant, index) => {
      const permissions = [...(writes(grant) ? ['Publisher'] : []), ...(reads(grant) ? ['Subscriber'] : [])]
      const who = `group${users.indexOf(grant.user)}`
      return permissions.map(
        (permission) => `  - {clientGroupName: ${who}, topicSpaceName: space${index}, permission: ${permission}}\n`,
      )
    })
    const list = (name: string, items: readonly string[]) =>
      items.length === 0 ? `${name}: []\n` : `${name}:\n${items.join('')}`
    return list('clientGroups', groups) + list('topicSpaces', topics) + list('permissionBindings', bindings)
  },
  broken: 'clientGroups: []\ntopicSpaces:\n  - {name: one, topicTemplates: ["a/#/b"]}\n',
  place: 'spaces.yaml:3:',
}

const roles: Dialect = {
  name: 'role patterns',
  file: 'roles.yaml',
  section: (file) => ({ role_patterns: { file } }),
  text: (grants) => {
    const role = (grant: Grant) => {
      const filters = JSON.stringify([grant.filter])
      const publish = writes(grant) ? `, authorize_publish: ${filters}` : ''
      return `  - {name: ${JSON.stringify(grant.user)}${publish}${reads(grant) ? `, authorize_subscribe: ${filters}` : ''}}\n`
    }
    return grants.length === 0 ? 'acl: []\n' : `acl:\n${grants.map(role).join('')}`
  },
  broken: 'acl:\n  - {name: ann, authorize_publish: ["a/#/b"]}\n',
  place: 'roles.yaml:2:',
}

export const dialects: readonly Dialect[] = [mosquitto, ordered, native, spaces, roles]

const signer = new Signer()

/** What a client shows that is called this; it has a role of this name, too, unless other roles are given. */
export function called(name: string, claims: Json = {}): ConnectFields & { readonly clientId: string } {
  return { clientId: name, username: 'oauth2', password: tokenOf(name, claims) }
}

export function tokenOf(sub: string, claims: Json = {}): string {
  const exp = Math.floor(Date.now() / 1_000) + 600
  return signer.token({ iss: issuer, aud: audience, sub, exp, jti: String(Math.random()), roles: [sub], ...claims })
}

/** Clients with tokens: roles, groups, area, publish and subscribe are taken from them. */
export function tokenSection(write: (name: string, text: string) => string): object {
  return {
    token: {
      issuers: [issuer],
      audiences: [audience],
      keys: { files: [write('issuer.pem', signer.pem)] },
      name: 'sub',
      roles: ['roles'],
      groups: ['groups'],
      attributes: ['area'],
      permissions: { publish: 'publish', subscribe: 'subscribe' },
    },
  }
}

/** A broker with these rules from one source, and clients with tokens. */
export function openSite(dialect: Dialect, text: string, more: object = {}, access: object = {}): Promise<Site> {
  return Site.open({
    config: (at, write): SiteConfig => {
      write(dialect.file, text)
      return {
        listeners: [{ url: 'mqtt://127.0.0.1:0' }],
        authenticators: [tokenSection(write)],
        authentication: { failures: { free: 1_000 } },
        access: { subscriptions: 'contained', ...access, sources: [dialect.section(at(dialect.file))] },
        ...more,
      }
    },
  })
}

/** Puts rules into force in a running broker. */
export async function change(site: Site, dialect: Dialect, text: string): Promise<void> {
  const from = site.log.length
  site.write(dialect.file, text)
  site.reload()
  await site.logged(({ msg }) => msg === 'access rules reloaded', from)
}

/** Kills the broker as a crash would. */
export async function crash(site: Site): Promise<void> {
  process.kill(site.pid, 'SIGKILL')
  await site.stop()
}

/** A message the broker has taken over. */
export async function sent(client: WireClient, topic: string, qos: 1 | 2): Promise<void> {
  client.send(v5.publish({ topic, qos, id: 1 }))
  if (qos === 1) {
    await client.expect('puback', { id: 1 })
    return
  }
  await client.expect('pubrec', { id: 1 })
  client.send(v5.pubrel(1))
  await client.expect('pubcomp', { id: 1 })
}
