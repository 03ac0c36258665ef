import { type Fields, isFields } from './devices-record.ts'

const marks = [
  'properties',
  'authenticationName',
  'clientCertificateAuthentication',
  'clientAuthentication',
  'certificateSubject',
  'certificateThumbprint',
]

/** A client resource of Azure Event Grid: with its properties in a section of their own, or without. */
export function isAzureForm(value: Fields): boolean {
  return marks.some((mark) => Object.hasOwn(value, mark))
}

/**
 * The same in our form. Three generations are known: the subject or the thumbprint of the certificate, before there were
 * authentication names; and since then a validation scheme. What Azure adds to its resources is passed over.
 */
export function azureForm(resource: Fields): Fields {
  const properties = fieldsOf(resource.properties) ?? resource
  const authentication =
    fieldsOf(properties.clientCertificateAuthentication) ?? fieldsOf(properties.clientAuthentication) ?? properties
  const subject = fieldsOf(authentication.certificateSubject)
  const thumbprints = authentication.allowedThumbprints ?? thumbprintsOf(authentication.certificateThumbprint)
  const { state, attributes, description, authenticationName } = properties
  return {
    name: resourceName(resource.name),
    authentication_name: authenticationName,
    state,
    validation:
      authentication.validationScheme ?? (subject === null && !isFilled(thumbprints) ? 'not given' : undefined),
    ...(isFilled(thumbprints) ? { thumbprints } : {}),
    ...(subject === null ? {} : { subject: subjectOf(subject) }),
    attributes,
    description,
  }
}

/** In templates it is written behind that of its namespace. */
function resourceName(name: unknown): unknown {
  return typeof name === 'string' ? name.slice(name.lastIndexOf('/') + 1) : name
}

/** One, or a primary and a secondary one, each of which may be empty. */
function thumbprintsOf(value: unknown): unknown {
  const fields = fieldsOf(value)
  if (fields === null) return value
  return [fields.primary, fields.secondary].filter((one) => one !== undefined && one !== null && one !== '')
}

function isFilled(thumbprints: unknown): boolean {
  if (Array.isArray(thumbprints)) return thumbprints.length > 0
  return thumbprints !== undefined && thumbprints !== null && thumbprints !== ''
}

function subjectOf({ commonName, organization, organizationUnit, countryCode }: Fields): Fields {
  return { common_name: commonName, organization, organization_unit: organizationUnit, country: countryCode }
}

function fieldsOf(value: unknown): Fields | null {
  return isFields(value) ? value : null
}
