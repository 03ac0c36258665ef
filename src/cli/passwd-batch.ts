import { availableParallelism } from 'node:os'

/** What a file is to have of a user: a hash, and verifiers if there are any. */
export interface UserSecrets {
  readonly name: string
  readonly password: string
  readonly scram: readonly string[]
}

/** A password of a file that is not hashed. */
export interface PlainUser {
  readonly name: string
  readonly password: string
}

export type Hash = (name: string, password: string) => Promise<UserSecrets>

/** Hashes passwords on all cores; the result is in the same order. */
export async function hashAll(users: readonly PlainUser[], hash: Hash): Promise<UserSecrets[]> {
  const width = availableParallelism()
  const hashed: UserSecrets[] = []
  for (let start = 0; start < users.length; start += width) {
    const batch = users.slice(start, start + width)
    hashed.push(...(await Promise.all(batch.map(({ name, password }) => hash(name, password)))))
  }
  return hashed
}
