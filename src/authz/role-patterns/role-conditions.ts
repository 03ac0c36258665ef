import type { Condition } from '../policy/rule.ts'

/** Nobody said which roles the client has. */
export const hasNoRoles: Condition = {
  text: 'client has no roles, and did not come with a token',
  holds: ({ roles, identity }) => roles.size === 0 && identity.method !== 'token',
}
