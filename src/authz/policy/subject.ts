import type { AttributeValue, Client, Identity } from '../../engine/ports.ts'

/** What rules can ask of a client. Made once for each identity of a connection. */
export class Subject {
  readonly client: Client
  readonly identity: Identity
  /** The name that was proved, or null for a client that proved nothing. */
  readonly user: string | null
  readonly clientId: string
  readonly roles: ReadonlySet<string>
  readonly groups: ReadonlySet<string>

  constructor(client: Client) {
    const { identity } = client
    this.client = client
    this.identity = identity
    this.user = identity.method === 'anonymous' || identity.name === '' ? null : identity.name
    this.clientId = client.id
    this.roles = identity.roles === undefined ? none : new Set(identity.roles)
    this.groups = identity.groups === undefined ? none : new Set(identity.groups)
  }

  attribute(name: string): AttributeValue | null {
    const { attributes } = this.identity
    return attributes !== undefined && Object.hasOwn(attributes, name) ? (attributes[name] ?? null) : null
  }

  /** The values of an attribute as texts; none where the client has not got it. */
  attributeTexts(name: string): readonly string[] {
    const value = this.attribute(name)
    if (value === null) return []
    return typeof value === 'object' ? value : [String(value)]
  }
}

const none: ReadonlySet<string> = new Set()
