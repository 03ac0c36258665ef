import { isLoopbackUrl, keyUrlMistake } from '../../config/token-check.ts'
import { isRecord } from './token-json.ts'

/** The URL of the discovery document of an issuer [OpenID Connect Discovery 4]. */
export function discoveryUrl(issuer: string): URL {
  return new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
}

/**
 * Where the keys of an issuer are, according to its discovery document.
 *
 * @throws Error saying what is wrong with the document.
 */
export function keySetUrl(issuer: string, text: string, allowHttp: boolean): URL {
  const document = parsed(text)
  if (document.issuer !== issuer)
    throw new Error(`the discovery document is that of ${shortened(document.issuer)}, not of ${JSON.stringify(issuer)}`)
  const { jwks_uri: location } = document
  if (typeof location !== 'string') throw new Error('the discovery document has no jwks_uri')
  const mistake = keyUrlMistake(location, allowHttp) ?? insideMistake(new URL(location), new URL(issuer), allowHttp)
  if (mistake !== null) throw new Error(`jwks_uri in the discovery document ${mistake}`)
  return new URL(location)
}

/** Somebody elsewhere must not send us to services of this machine. */
function insideMistake(location: URL, issuer: URL, allowHttp: boolean): string | null {
  const inside = isLoopbackUrl(location) && !isLoopbackUrl(issuer)
  return inside && !allowHttp ? 'is on this machine, but the issuer is not' : null
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(text)
    if (isRecord(document)) return document
  } catch {}
  throw new Error('the discovery document is not a JSON object')
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nobody'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
