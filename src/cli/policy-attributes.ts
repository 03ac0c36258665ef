import { openDevicesAuthenticator } from '../authn/devices/devices.ts'
import { isUsersYaml } from '../authn/password/users-file.ts'
import { silentLog } from '../base/log.ts'
import { readTextFile } from '../base/text-file.ts'
import { WatchedFiles } from '../base/watched-files.ts'
import type { AuthenticatorConfig, Config } from '../config/schema.ts'
import { maximumUsersYamlBytes, parseUsers } from '../config/users.ts'

/** The names of all attributes that clients of a broker may have; null where that cannot be known. */
export async function knownAttributes({ authenticators }: Config): Promise<ReadonlySet<string> | null> {
  const names = new Set<string>()
  for (const authenticator of authenticators) {
    const found = await attributesOf(authenticator)
    if (found === null) return null
    for (const name of found) names.add(name)
  }
  return names
}

async function attributesOf(authenticator: AuthenticatorConfig): Promise<Iterable<string> | null> {
  const { password, scram, devices, certificate } = authenticator
  const users = password ?? scram
  if (users !== undefined) return await attributesOfUsers(users.file)
  if (devices !== undefined) return await attributesOfDevices(devices)
  // Tokens and services say what they like.
  return certificate === undefined || certificate.attributes ? null : []
}

async function attributesOfUsers(file: string): Promise<Iterable<string> | null> {
  if (!isUsersYaml(file)) return []
  const found = await readTextFile(file, maximumUsersYamlBytes)
  if (!('text' in found)) return null
  return parseUsers(found.text, file).users.flatMap(({ attributes }) => Object.keys(attributes))
}

async function attributesOfDevices(options: NonNullable<AuthenticatorConfig['devices']>): Promise<Iterable<string>> {
  const registry = await openDevicesAuthenticator(options, { log: silentLog, files: new WatchedFiles() })
  const names = new Set<string>()
  for (const { attributes } of registry.devices.list())
    for (const name of Object.keys(attributes ?? {})) names.add(name)
  await registry.close?.()
  return names
}
