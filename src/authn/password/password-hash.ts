/** What is kept of a password. */
export interface PasswordHash {
  /** Its kind and parameters: comparing a password takes the same time wherever they are the same. */
  readonly effort: string
  /** Whether it is that of `password`. The work is done in a thread of the pool, unless it is next to none. */
  matches(password: Buffer): Promise<boolean>
  /** One of the same effort that no password matches. */
  decoy(): PasswordHash
}
