import type { HttpQuestion } from '../../base/http/http-client.ts'
import { plain } from '../../base/http/http-failure.ts'
import { membersOf, parseObject } from '../../base/http/http-json.ts'
import { isOverloaded } from '../../base/http/http-status.ts'
import type { AttributeValue, Permissions } from '../../engine/ports.ts'
import { filtersFlaw } from '../carried-filters.ts'
import type { Claim, Decision, HttpContract } from './http-contract.ts'

const maximumNameLength = 256
const maximumAttributeBytes = 16_384

/** The webhook of Azure Event Grid: everything the client said goes out as JSON, and a decision comes back. */
export const webhook: HttpContract = {
  question: ({ who, method, data }: Claim): HttpQuestion => {
    const [certificate, ...chain] = who.peer.tls?.certificates ?? []
    const body = {
      clientId: who.clientId,
      userName: who.username ?? undefined,
      password: who.password?.toString('base64'),
      authenticationMethod: method ?? undefined,
      authenticationData: data?.toString('base64'),
      clientCertificate: certificate === undefined ? undefined : pem(certificate),
      clientCertificateChain: chain.length === 0 ? undefined : chain.map(pem).join(''),
    }
    return { type: 'application/json', body: Buffer.from(JSON.stringify(body)) }
  },

  decision: (claim: Claim, status: number, body: Buffer, now: number): Decision => {
    if (status !== 200) return { kind: 'none', detail: `answered with status ${status}`, down: isOverloaded(status) }
    const answer = parseObject(body)
    if (answer === null) return unusable('no JSON object')
    const decision = answer.get('decision')
    if (decision === 'allow') return allowed(claim, answer, now)
    if (decision !== 'deny') return unusable('no decision')
    const reason = answer.get('errorReason')
    return { kind: 'denied', detail: typeof reason === 'string' ? plain(reason, 200) : 'without a reason' }
  },
}

function allowed({ who }: Claim, answer: ReadonlyMap<string, unknown>, now: number): Decision {
  const name = answer.get('clientAuthenticationName') ?? who.username
  if (!isName(name)) return unusable('no clientAuthenticationName that is a name')
  const attributes = attributesOf(answer.get('attributes'))
  if (attributes === null) return unusable('attributes that are no object, or too large')
  const expiresAt = timeOf(answer.get('expiration'))
  if (expiresAt === null) return unusable('an expiration that is no Unix time in seconds')
  const permissions = permissionsOf(answer)
  if (permissions === null) return unusable('publish or subscribe that are no lists of topic filters')
  const identity = { name, method: 'http', attributes, ...(permissions !== undefined && { permissions }) }
  if (expiresAt === undefined) return { kind: 'allowed', identity }
  if (expiresAt <= now)
    return { kind: 'denied', detail: `allowed until ${new Date(expiresAt).toISOString()}, which is over` }
  return { kind: 'allowed', identity: { ...identity, expiresAt } }
}

function unusable(what: string): Decision {
  return { kind: 'none', detail: `answered with ${what}`, down: false }
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function isName(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > maximumNameLength) return false
  return value.isWellFormed() && !/\p{Cc}/u.test(value)
}

/** Text, whole numbers and lists of texts; null for what cannot be attributes at all. */
function attributesOf(value: unknown): Readonly<Record<string, AttributeValue>> | null {
  if (value === undefined) return {}
  const members = membersOf(value)
  if (members === null) return null
  const attributes: [string, AttributeValue][] = []
  for (const [key, member] of members)
    if (/^\w{1,128}$/.test(key) && isAttribute(member)) attributes.push([key, member])
  return Buffer.byteLength(JSON.stringify(attributes)) > maximumAttributeBytes ? null : Object.fromEntries(attributes)
}

/** The topic filters the client may use, undefined where nothing is said of them. */
function permissionsOf(answer: ReadonlyMap<string, unknown>): Permissions | null | undefined {
  if (!answer.has('publish') && !answer.has('subscribe')) return undefined
  const publish = filtersOf(answer.get('publish'))
  const subscribe = filtersOf(answer.get('subscribe'))
  return publish === null || subscribe === null ? null : { publish, subscribe }
}

function filtersOf(value: unknown): readonly string[] | null {
  if (value === undefined) return []
  return Array.isArray(value) && value.every(isText) && filtersFlaw(value) === null ? value : null
}

function isAttribute(value: unknown): value is AttributeValue {
  if (Array.isArray(value)) return value.every(isText)
  return isText(value) || Number.isSafeInteger(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed()
}

const lastSecond = 253_402_300_799

/** Milliseconds since 1970 of a Unix time in seconds or of an RFC 3339 date; null for something else. */
function timeOf(value: unknown): number | null | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i.test(value)) {
    const time = Date.parse(value)
    return Number.isNaN(time) ? null : time
  }
  const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds > 0) || seconds > lastSecond) return null
  return Math.floor(seconds * 1_000)
}
