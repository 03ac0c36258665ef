import { openDevicesAuthenticator } from '../authn/devices/devices.ts'
import { UsersFile } from '../authn/password/users-file.ts'
import type { AuthenticatorConfig } from '../config/schema.ts'
import type { PresumeContext, Presumed } from './explain-presumed.ts'

type Devices = NonNullable<AuthenticatorConfig['devices']>

/** Who a user of a file would be, after giving the right password. */
export async function presumeUser(
  name: string,
  file: string,
  method: 'password' | 'scram',
  { log, files }: PresumeContext,
): Promise<Presumed | null> {
  const opened = await UsersFile.open(file, log, files)
  await opened.close()
  const user = opened.users.get(name)
  if (user === null) return null
  return {
    identity: { name, method, ...user.terms.facts },
    from: `the user ${JSON.stringify(name)} in ${file}`,
    refused: user.terms.disabled ? `the user ${JSON.stringify(name)} is disabled in ${file}` : null,
  }
}

/** Who a device of the registry would be, with a certificate that fits. */
export async function presumeDevice(
  name: string,
  options: Devices,
  { log, files, notes }: PresumeContext,
): Promise<Presumed | null> {
  const registry = await openDevicesAuthenticator(options, { log, files })
  const device = registry.devices.get(name)
  await registry.close?.()
  if (device === null) return null
  notes.push('the certificate of the device was not looked at: --cert FILE does that')
  const { authenticationName, attributes, enabled } = device
  return {
    identity: { name: authenticationName, method: 'certificate', attributes },
    from: `the device ${JSON.stringify(authenticationName)} in ${registry.devices.sourceOf(name)}`,
    refused: enabled ? null : `the device ${JSON.stringify(authenticationName)} is disabled`,
  }
}
