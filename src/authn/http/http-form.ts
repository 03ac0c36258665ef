import type { Credentials, Denial } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import type { HttpQuestion } from './http-client.ts'
import { type Claim, type Decision, type HttpContract, isOverloaded } from './http-contract.ts'
import { plain } from './http-failure.ts'
import { parseObject, textOf } from './http-json.ts'
import type { HttpOptions } from './http-options.ts'

/** What plug-ins of Mosquitto do: user name, password and client identifier go out, and the status says yes or no. */
export function formContract({ body, reply }: Pick<HttpOptions, 'body' | 'reply'>): HttpContract {
  return {
    question: ({ who }) => (body === 'json' ? json(who) : form(who)),
    decision: (claim, status, content) => {
      if (status === 200 || (status === 204 && reply === 'status')) return accepted(claim, reply, content)
      if (isDenial(status)) return { kind: 'denied', detail: `status ${status}` }
      return { kind: 'none', detail: `answered with status ${status}`, down: isOverloaded(status) }
    },
  }
}

function form({ username, password, clientId }: Credentials): HttpQuestion {
  const fields = [
    ['username', Buffer.from(username ?? '')],
    ['password', password ?? Buffer.alloc(0)],
    ['clientid', Buffer.from(clientId)],
  ] as const
  const body = fields.map(([name, value]) => `${name}=${escaped(value)}`).join('&')
  return { type: 'application/x-www-form-urlencoded', body: Buffer.from(body, 'latin1') }
}

function json({ username, password, clientId }: Credentials): HttpQuestion | Denial {
  const text = textOf(password ?? Buffer.alloc(0))
  // Characters put in place of what is not UTF-8 would make different passwords the same.
  if (text === null)
    return { reason: Reason.BadUserNameOrPassword, detail: 'the password is not UTF-8, and cannot be sent as JSON' }
  const body = JSON.stringify({ username: username ?? '', password: text, clientid: clientId })
  return { type: 'application/json', body: Buffer.from(body) }
}

/** Bytes as application/x-www-form-urlencoded has them: a password need not be text. */
function escaped(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\w.*-]/g, (byte) => (byte === ' ' ? '+' : `%${hex(byte)}`))
}

function hex(byte: string): string {
  return byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}

/** Statuses of the 4xx that are about how we ask, or how much, and not about the client. */
const aboutUs = new Set([405, 407, 408, 415, 421, 425, 429])

function isDenial(status: number): boolean {
  return status >= 400 && status < 500 && !aboutUs.has(status)
}

function accepted({ who }: Claim, reply: HttpOptions['reply'], content: Buffer): Decision {
  const refusal = reply === 'status' ? null : reply === 'json' ? jsonRefusal(content) : textRefusal(content)
  if (refusal !== null) return refusal
  const name = who.username ?? ''
  if (name === '') return { kind: 'denied', detail: 'there is no user name, and so nobody the client could be' }
  return { kind: 'allowed', identity: { name, method: 'http' } }
}

/** `{"ok": true}` says yes, `{"ok": false, "error": "…"}` no; also with a capital letter. */
function jsonRefusal(content: Buffer): Decision | null {
  const answer = parseObject(content)
  const ok = answer?.get('ok') ?? answer?.get('Ok')
  if (typeof ok !== 'boolean')
    return { kind: 'none', detail: 'answered with no JSON object that has "ok"', down: false }
  const error = answer?.get('error') ?? answer?.get('Error')
  return ok ? null : { kind: 'denied', detail: typeof error === 'string' ? plain(error, 200) : 'without a reason' }
}

function textRefusal(content: Buffer): Decision | null {
  const text = textOf(content)?.trim() ?? ''
  return text === 'ok' ? null : { kind: 'denied', detail: plain(text, 200) }
}
