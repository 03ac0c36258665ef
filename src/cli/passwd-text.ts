import { isHashed } from '../authn/password/hash.ts'
import { parseUsers } from '../config/users.ts'
import { deleteUserYaml, setUsersYaml } from '../config/users-edit.ts'
import { Failure } from './failure.ts'
import { type Hash, hashAll, type PlainUser, type UserSecrets } from './passwd-batch.ts'
import {
  deleteUserLines,
  flawOfHash,
  type Presence,
  presenceIn,
  setUserLines,
  type Upgrade,
  upgradeLines,
} from './passwd-lines.ts'

/** What can be done with the text of a file of users, in one of its forms. */
export interface UsersText {
  presence(text: string, file: string, name: string): Presence
  put(text: string, file: string, secrets: UserSecrets): string
  /** Null when there is no such user. */
  remove(text: string, file: string, name: string): string | null
  /** Has every password hashed that is not. */
  upgrade(text: string, file: string, hash: Hash): Promise<Upgrade>
}

/** Lines of name and hash. */
export const linesText: UsersText = {
  presence: (text, _file, name) => presenceIn(text, name),
  put: (text, _file, secrets) => setUserLines(text, secrets),
  remove: (text, _file, name) => deleteUserLines(text, name),
  upgrade: upgradeLines,
}

/** A list of users in YAML. */
export const yamlText: UsersText = {
  presence: presenceInYaml,
  put: (text, file, secrets) => setUsersYaml(text, file, [secrets]),
  remove: deleteUserYaml,
  upgrade: upgradeYaml,
}

function presenceInYaml(text: string, file: string, name: string): Presence {
  const user = parseUsers(text, file).users.find((present) => present.name === name)
  if (user === undefined) return 'none'
  return user.scram.length > 0 ? 'scram' : 'password'
}

async function upgradeYaml(text: string, file: string, hash: Hash): Promise<Upgrade> {
  const plain: PlainUser[] = []
  let present = 0
  for (const { name, password } of parseUsers(text, file).users) {
    if (password === undefined) continue
    const flaw = flawOfHash(name, password)
    if (flaw !== null) throw new Failure(`${file}: ${flaw}; nothing was changed`)
    if (isHashed(password)) present++
    else plain.push({ name, password })
  }
  return { text: setUsersYaml(text, file, await hashAll(plain, hash)), hashed: plain.length, present }
}
