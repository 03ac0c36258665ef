import { isHashed, parseHash } from '../authn/password/hash.ts'
import { readLine } from '../authn/password/users-lines.ts'
import { parseVerifier } from '../authn/scram/scram-verifier.ts'
import { Failure } from './failure.ts'
import { type Hash, hashAll, type PlainUser, type UserSecrets } from './passwd-batch.ts'

export type Presence = 'none' | 'password' | 'scram'

/** Gives a user other lines, where its first was, or at the end. The other lines stay as they are. */
export function setUserLines(text: string, secrets: UserSecrets): string {
  const lines = linesOf(text)
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const place = lines.findIndex((line) => isOf(line, secrets.name))
  const own = linesFor(secrets).map((line) => line + end)
  if (place < 0) {
    const last = lines.at(-1)
    return `${text}${last === undefined || last.endsWith('\n') ? '' : end}${own.join('')}`
  }
  const others = (line: string) => !isOf(line, secrets.name)
  return [...lines.slice(0, place), ...own, ...lines.slice(place + 1).filter(others)].join('')
}

/** Removes the lines of a user; null when there are none. */
export function deleteUserLines(text: string, name: string): string | null {
  const lines = linesOf(text)
  const others = lines.filter((line) => !isOf(line, name))
  return others.length === lines.length ? null : others.join('')
}

/** What the file has of a user: nothing, lines, or also a line for SCRAM. */
export function presenceIn(text: string, name: string): Presence {
  const own = linesOf(text).filter((line) => isOf(line, name))
  if (own.length === 0) return 'none'
  return own.some((line) => line.includes(':SCRAM-SHA-')) ? 'scram' : 'password'
}

export interface Upgrade {
  readonly text: string
  readonly hashed: number
  /** Passwords that were hashed already. */
  readonly present: number
}

/** Hashes every password that is not hashed. @throws Failure for a line that is no user, naming it. */
export async function upgradeLines(text: string, file: string, hash: Hash): Promise<Upgrade> {
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = linesOf(text)
  const plain = new Map<number, PlainUser>()
  let present = 0
  for (const [index, whole] of lines.entries()) {
    const line = readLine(whole)
    if (line.kind === 'none') continue
    const flaw = line.kind === 'wrong' ? line.why : flawOfHash(line.name, line.value)
    if (flaw !== null) throw new Failure(`${file}:${index + 1}: ${flaw}; nothing was changed`)
    if (line.kind !== 'user') continue
    if (isHashed(line.value)) present++
    else plain.set(index, { name: line.name, password: line.value })
  }
  const secrets = await hashAll([...plain.values()], hash)
  for (const [position, index] of [...plain.keys()].entries())
    lines[index] = linesFor(secrets[position])
      .map((each) => each + end)
      .join('')
  return { text: lines.join(''), hashed: plain.size, present }
}

/** What is wrong with a hash or verifier that is there; null also for a password that is not hashed. */
export function flawOfHash(name: string, value: string): string | null {
  if (!isHashed(value)) return null
  const read = value.startsWith('SCRAM-SHA-') ? parseVerifier(value) : parseHash(value)
  return typeof read === 'string' ? `the password of ${JSON.stringify(name)} ${read}` : null
}

export function linesFor({ name, password, scram }: UserSecrets): string[] {
  return [password, ...scram].map((secret) => `${name}:${secret}`)
}

function isOf(line: string, name: string): boolean {
  const read = readLine(line)
  return read.kind === 'user' && read.name === name
}

/** The lines, each with its end. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}
