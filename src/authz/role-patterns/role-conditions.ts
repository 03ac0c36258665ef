import type { Condition } from '../policy/rule.ts'
import type { Subject } from '../policy/subject.ts'

/** One of the roles of the client is this. */
export class HasRole implements Condition {
  readonly among: { readonly fact: 'role'; readonly values: readonly [string] }

  constructor(role: string) {
    this.among = { fact: 'role', values: [role] }
  }

  get text(): string {
    return `role is ${JSON.stringify(this.among.values[0])}`
  }

  holds({ roles }: Subject): boolean {
    return roles.has(this.among.values[0])
  }
}

/** The name of the client is this. */
export class IsUser implements Condition {
  readonly among: { readonly fact: 'user'; readonly values: readonly [string] }

  constructor(name: string) {
    this.among = { fact: 'user', values: [name] }
  }

  get text(): string {
    return `user is ${JSON.stringify(this.among.values[0])}`
  }

  holds({ user }: Subject): boolean {
    return user === this.among.values[0]
  }
}

/** Nobody said which roles the client has. */
export const hasNoRoles: Condition = {
  text: 'client has no roles, and did not come with a token',
  holds: ({ roles, identity }) => roles.size === 0 && identity.method !== 'token',
}
