import { existsSync } from 'node:fs'
import { type HashKind, hashPassword } from '../authn/password/hash.ts'
import { maximumBcryptPassword } from '../authn/password/hash-bcrypt.ts'
import { isUsersYaml } from '../authn/password/users-file.ts'
import { flawOfName } from '../authn/password/users-name.ts'
import { createVerifier, prepare, scramMethods } from '../authn/scram/scram-verifier.ts'
import { Failure, usageExitCode } from './failure.ts'
import type { UserSecrets } from './passwd-batch.ts'
import { changeFile } from './passwd-file.ts'
import { linesFor } from './passwd-lines.ts'
import { readPassword } from './passwd-prompt.ts'
import { linesText, type UsersText, yamlText } from './passwd-text.ts'

/** The options of `petaltail passwd`. */
export interface PasswdOptions {
  readonly create?: boolean
  readonly batch?: boolean
  readonly delete?: boolean
  readonly upgrade?: boolean
  readonly hash: HashKind
  readonly iterations?: number
  readonly scram?: boolean
}

const maximumPasswordBytes = 65_535

/** Adds, changes or removes a user in a file, or hashes the passwords in it. */
export async function passwd(
  file: string,
  name: string | undefined,
  password: string | undefined,
  options: PasswdOptions,
): Promise<void> {
  checkUsage(file, name, password, options)
  const form = isUsersYaml(file) ? yamlText : linesText
  if (name === undefined) return upgrade(file, form, options)
  const flaw = flawOfName(name)
  if (flaw !== null) throw new Failure(flaw, usageExitCode)
  if (options.delete === true) return remove(file, form, name)
  // Before anybody types a password for nothing.
  if (file !== '-' && options.create !== true && !existsSync(file))
    throw new Failure(`${file}: there is no such file; make it with -c`)
  const secrets = await secretsOf(name, password ?? (await readPassword()), options)
  if (file === '-') process.stdout.write(`${linesFor(secrets).join('\n')}\n`)
  else await put(file, form, secrets, options.create === true)
}

function checkUsage(
  file: string,
  name: string | undefined,
  password: string | undefined,
  { create, batch, delete: remove, upgrade, hash, iterations }: PasswdOptions,
): void {
  const verbs = [create && '-c', remove && '-D', upgrade && '-U'].filter((verb) => typeof verb === 'string')
  if (verbs.length > 1) throw usage(`${verbs.join(' and ')} cannot be used together`)
  if (upgrade && (name !== undefined || file === '-')) throw usage('-U takes the name of a file, and nothing more')
  if (!upgrade && name === undefined) throw usage('say whose password: petaltail passwd <file> <name>')
  if (remove && (file === '-' || password !== undefined || batch)) throw usage('-D takes a file and a user name')
  if (batch && password === undefined && !upgrade)
    throw usage('-b needs the password as third argument: petaltail passwd -b <file> <name> <password>')
  if (!batch && password !== undefined) throw usage('a password is given on the command line only with -b')
  if (iterations !== undefined && hash !== 'sha512-pbkdf2') throw usage('-I is for -H sha512-pbkdf2 only')
}

function usage(message: string): Failure {
  return new Failure(message, usageExitCode)
}

async function secretsOf(name: string, password: string, options: PasswdOptions): Promise<UserSecrets> {
  const { hash, iterations, scram = false } = options
  const bytes = Buffer.from(password)
  const about = `the password of ${name}`
  if (bytes.length === 0) throw new Failure(`${about} is empty`)
  if (bytes.length > maximumPasswordBytes) throw new Failure(`${about} has more than ${maximumPasswordBytes} bytes`)
  if (hash === 'bcrypt' && (bytes.length > maximumBcryptPassword || bytes.includes(0)))
    throw new Failure(`${about} has more than the ${maximumBcryptPassword} bytes that bcrypt looks at, or a NUL`)
  const verifiers: string[] = []
  if (scram) {
    if (prepare(name, true) !== name)
      throw new Failure(`SCRAM does not allow the user name ${name}; ${prepare(name, true) ?? 'none like it'} would do`)
    for (const method of scramMethods) {
      const verifier = await createVerifier(method, password)
      if (verifier === null) throw new Failure(`${about} has characters that SCRAM does not allow`)
      verifiers.push(verifier)
    }
  }
  return { name, password: await hashPassword(hash, bytes, iterations), scram: verifiers }
}

async function put(file: string, form: UsersText, secrets: UserSecrets, create: boolean): Promise<void> {
  const { name } = secrets
  let done = ''
  await changeFile(file, (text) => {
    const before = create || text === null ? '' : text
    const presence = form.presence(before, file, name)
    const lost = presence === 'scram' && secrets.scram.length === 0
    done = presence === 'none' ? `added ${name}` : `changed the password of ${name}`
    if (lost) done += '; its SCRAM verifiers were those of the old one and are gone, --scram makes new ones'
    if (create && text !== null) done += `; the ${file} that was there is gone`
    return form.put(before, file, secrets)
  })
  console.log(done)
}

async function remove(file: string, form: UsersText, name: string): Promise<void> {
  await changeFile(file, (text) => {
    if (text === null) throw new Failure(`${file}: there is no such file`)
    const without = form.remove(text, file, name)
    if (without === null) throw new Failure(`${file}: there is no user ${name}`)
    return without
  })
  console.log(`removed ${name}`)
}

async function upgrade(file: string, form: UsersText, options: PasswdOptions): Promise<void> {
  let done = ''
  await changeFile(file, async (text) => {
    if (text === null) throw new Failure(`${file}: there is no such file`)
    const upgraded = await form.upgrade(text, file, (name, password) => secretsOf(name, password, options))
    done = `hashed ${upgraded.hashed} ${upgraded.hashed === 1 ? 'password' : 'passwords'}`
    if (upgraded.present > 0) done += `; ${upgraded.present} had been hashed before`
    return upgraded.text
  })
  console.log(done)
}
