import type { AttributeValue } from '../../engine/ports.ts'

/** What of a certificate must be the authentication name of the device; or which certificates are those of the device. */
export type ValidationScheme = 'subject' | 'dns' | 'uri' | 'ip' | 'email' | 'thumbprint'

/** Parts of the subject that a certificate must have, in place of the authentication name. */
export interface DeviceSubject {
  readonly commonName: string
  readonly organization?: string
  readonly organizationUnit?: string
  readonly country?: string
}

/** A device that may connect. */
export interface Device {
  readonly name: string
  /** What it connects as; compared without regard to case, handed on as it is written here. */
  readonly authenticationName: string
  readonly enabled: boolean
  readonly scheme: ValidationScheme
  /** Lower-case hexadecimal, SHA-1 or SHA-256. */
  readonly thumbprints: readonly string[]
  readonly subject: DeviceSubject | null
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly description: string
}

/** What is wrong with a device, and where in it. */
export interface DeviceMistake {
  readonly path: readonly (string | number)[]
  readonly message: string
}

export const maximumNameLength = 128
export const maximumAttributeBytes = 4_096

/** Whether two records say the same. */
export function isSameDevice(one: Device, other: Device): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** A section of a file: names and values. */
export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
