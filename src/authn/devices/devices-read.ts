import type { AttributeValue } from '../../engine/ports.ts'
import { thumbprintOf } from '../certificate/trust-list.ts'
import { azureForm, isAzureForm } from './devices-azure.ts'
import {
  type Device,
  type DeviceMistake,
  type DeviceSubject,
  type Fields,
  isFields,
  maximumAttributeBytes,
  maximumNameLength,
  type ValidationScheme,
} from './devices-record.ts'

/** Raised while a device is read; does not leave this file. */
class Wrong extends Error {
  readonly mistake: DeviceMistake

  constructor(message: string, ...path: readonly (string | number)[]) {
    super(message)
    this.mistake = { path, message }
  }
}

/**
 * The device that a value from a file describes, in our form or in that of Azure Event Grid; `fallback` is its name if it
 * says none.
 */
export function readDevice(value: unknown, fallback: string | null = null): Device | DeviceMistake {
  try {
    if (!isFields(value)) throw new Wrong('must be a section with the properties of a device')
    return isAzureForm(value) ? deviceOf(azureForm(value), fallback, {}) : deviceOf(value, fallback, known)
  } catch (error) {
    if (error instanceof Wrong) return error.mistake
    throw error
  }
}

const known: Fields = Object.fromEntries(
  ['name', 'authentication_name', 'state', 'validation', 'thumbprints', 'subject', 'attributes', 'description'].map(
    (name) => [name, true],
  ),
)

/** @param names the properties there may be; with none given, those not known are passed over */
function deviceOf(fields: Fields, fallback: string | null, names: Fields): Device {
  for (const key of Object.keys(fields)) {
    if (Object.keys(names).length > 0 && !Object.hasOwn(names, key))
      throw new Wrong('is not a property of a device', key)
  }
  const name = nameOf(fields, 'name', nameOf(fields, 'authentication_name', fallback))
  const authenticationName = nameOf(fields, 'authentication_name', name)
  if (name === null || authenticationName === null) throw new Wrong('needs a name')
  const thumbprints = thumbprintsOf(fields.thumbprints)
  const scheme = schemeOf(fields.validation, thumbprints.length > 0)
  if (scheme === 'thumbprint' && thumbprints.length === 0) throw new Wrong('needs one or two thumbprints')
  if (scheme !== 'thumbprint' && thumbprints.length > 0)
    throw new Wrong('are for the validation by thumbprint only', 'thumbprints')
  const subject = fields.subject === undefined ? null : subjectOf(fields.subject)
  if (subject !== null && scheme !== 'subject') throw new Wrong('is for the validation by subject only', 'subject')
  return {
    name,
    authenticationName,
    enabled: stateOf(fields.state),
    scheme,
    thumbprints,
    subject,
    attributes: attributesOf(fields.attributes),
    description: textOf(fields, 'description') ?? '',
  }
}

function textOf(fields: Fields, key: string): string | null {
  const value = fields[key]
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw new Wrong('must be a text', key)
  return value
}

function nameOf(fields: Fields, key: string, otherwise: string | null): string | null {
  const name = textOf(fields, key)
  if (name === null) return otherwise
  if (name === '' || [...name].length > maximumNameLength)
    throw new Wrong(`must have 1 to ${maximumNameLength} characters`, key)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name) || !name.isWellFormed())
    throw new Wrong('must not have control characters', key)
  return name
}

function stateOf(value: unknown): boolean {
  const state = value === undefined || value === null ? 'enabled' : String(value).toLowerCase()
  if (state !== 'enabled' && state !== 'disabled') throw new Wrong('must be "enabled" or "disabled"', 'state')
  return state === 'enabled'
}

function schemeOf(value: unknown, byThumbprint: boolean): ValidationScheme {
  if (value === undefined || value === null) return byThumbprint ? 'thumbprint' : 'subject'
  const scheme = schemes.get(String(value).toLowerCase())
  if (scheme === undefined) throw new Wrong('must be one of subject, dns, uri, ip, email, thumbprint', 'validation')
  return scheme
}

const schemes: ReadonlyMap<string, ValidationScheme> = new Map([
  ['subject', 'subject'],
  ['dns', 'dns'],
  ['uri', 'uri'],
  ['ip', 'ip'],
  ['email', 'email'],
  ['thumbprint', 'thumbprint'],
  ['subjectmatchesauthenticationname', 'subject'],
  ['dnsmatchesauthenticationname', 'dns'],
  ['urimatchesauthenticationname', 'uri'],
  ['ipmatchesauthenticationname', 'ip'],
  ['emailmatchesauthenticationname', 'email'],
  ['thumbprintmatch', 'thumbprint'],
])

function thumbprintsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length < 1 || list.length > 2) throw new Wrong('must be one or two', 'thumbprints')
  return list.map((item, index) => {
    const thumbprint = typeof item === 'string' ? thumbprintOf(item) : null
    if (thumbprint === null)
      throw new Wrong('must be a SHA-1 or SHA-256 thumbprint: 40 or 64 hexadecimal digits', 'thumbprints', index)
    return thumbprint
  })
}

function subjectOf(value: unknown): DeviceSubject {
  if (!isFields(value)) throw new Wrong('must be a section', 'subject')
  const text = (key: string) => {
    const part = value[key]
    if (part === undefined || part === null || part === '') return null
    if (typeof part !== 'string') throw new Wrong('must be a text', 'subject', key)
    return part
  }
  const commonName = text('common_name')
  if (commonName === null) throw new Wrong('needs a common_name', 'subject')
  const organization = text('organization')
  const organizationUnit = text('organization_unit')
  const country = text('country')
  return {
    commonName,
    ...(organization === null ? {} : { organization }),
    ...(organizationUnit === null ? {} : { organizationUnit }),
    ...(country === null ? {} : { country }),
  }
}

function attributesOf(value: unknown): Readonly<Record<string, AttributeValue>> {
  if (value === undefined || value === null) return {}
  if (!isFields(value)) throw new Wrong('must be a section', 'attributes')
  const attributes = Object.entries(value).map(([key, attribute]) => {
    if (!/^[A-Za-z0-9_]+$/.test(key)) throw new Wrong('names have letters, digits and _ only', 'attributes', key)
    if (!isAttribute(attribute)) throw new Wrong('must be a text, an integer or a list of texts', 'attributes', key)
    return [key, attribute] as const
  })
  if (Buffer.byteLength(JSON.stringify(attributes)) >= maximumAttributeBytes)
    throw new Wrong('must be less than 4 KiB in all', 'attributes')
  return Object.fromEntries(attributes)
}

function isAttribute(value: unknown): value is AttributeValue {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item.isWellFormed())
}
