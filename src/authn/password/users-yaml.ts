import { BrokerError } from '../../base/errors.ts'
import { parseUsers, type UserEntry, type UserList } from '../../config/users.ts'
import { filtersFlaw } from '../carried-filters.ts'
import { isHashed } from './hash.ts'
import { plainTerms, type UserTable, UserTableBuilder, type UserTerms } from './users.ts'
import { notHashed } from './users-lines.ts'
import { flawOfName } from './users-name.ts'

/** Reads a YAML file of users. @throws BrokerError USERS_FILE_INVALID with every mistake on a line of its own. */
export async function readUsersYaml(text: string, file: string): Promise<UserTable> {
  const list = parseUsers(text, file)
  const builder = new UserTableBuilder()
  const mistakes = list.users
    .map((user, index) => take(builder, user, index, list, file))
    .filter((mistake) => mistake !== null)
  if (mistakes.length > 0) throw new BrokerError('USERS_FILE_INVALID', mistakes.slice(0, 20).join('\n'))
  return builder.table()
}

function take(
  builder: UserTableBuilder,
  user: UserEntry,
  index: number,
  { place }: UserList,
  file: string,
): string | null {
  const { name, password, scram, publish = [], subscribe = [] } = user
  const flaw = flawOfName(name) ?? builder.add(name, termsOf(user))
  if (flaw !== null) return `${place(index, 'name')}: ${flaw}`
  if (password !== undefined) {
    const hashFlaw = isHashed(password) ? builder.addHash(name, password) : notHashed(name, file)
    if (hashFlaw !== null) return `${place(index, 'password')}: ${hashFlaw}`
  }
  for (const [position, verifier] of scram.entries()) {
    const verifierFlaw = builder.addVerifier(name, verifier)
    if (verifierFlaw !== null) return `${place(index, 'scram', position)}: ${verifierFlaw}`
  }
  for (const [property, filters] of Object.entries({ publish, subscribe })) {
    const filtersProblem = filtersFlaw(filters)
    if (filtersProblem !== null) return `${place(index, property)}: has ${filtersProblem}`
  }
  return null
}

function termsOf(user: UserEntry): UserTerms {
  const { roles, groups, attributes, publish, subscribe, clientIds, maximumSessions, disabled } = user
  const carries = publish !== undefined || subscribe !== undefined
  const facts = {
    ...(roles.length > 0 && { roles }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(carries && { permissions: { publish: publish ?? [], subscribe: subscribe ?? [] } }),
    ...(clientIds !== undefined && { clientIds }),
    ...(maximumSessions !== undefined && { maximumSessions }),
  }
  const text = JSON.stringify(facts)
  return text === '{}' && !disabled ? plainTerms : { disabled, facts, text }
}
