import { createHash } from 'node:crypto'
import type { Peer } from '../../engine/ports.ts'
import type { TokenRefusal } from './token-claims.ts'
import { isRecord } from './token-json.ts'

/**
 * Why a client may not use a token that is bound to a key, by its claim `cnf` [RFC 7800], or null. A token bound to a
 * certificate [RFC 8705] is good only where that certificate is; other ways to show that one has the key do not exist in MQTT.
 */
export function bindingRefusal(binding: unknown, { tls }: Peer): TokenRefusal | null {
  if (binding === undefined) return null
  const expected = isRecord(binding) && Object.keys(binding).length === 1 ? binding['x5t#S256'] : undefined
  if (typeof expected !== 'string') return refusal('is bound to a key in a way that is not known here')
  const certificate = tls?.certificates[0]
  if (certificate === undefined) return refusal('is bound to a certificate, and the client has none')
  const actual = createHash('sha256').update(certificate).digest('base64url')
  return actual === expected ? null : refusal('is bound to another certificate than that of the client')
}

function refusal(text: string): TokenRefusal {
  return { detail: text, told: text }
}
