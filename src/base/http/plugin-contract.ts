import type { HttpQuestion } from './http-client.ts'
import { plain } from './http-failure.ts'
import { parseObject, textOf } from './http-json.ts'
import { isOverloaded, isRefusal } from './http-status.ts'

/** What must come back with status 200: nothing more, `{"ok": true}`, or the text `ok`. */
export type PluginReply = 'status' | 'json' | 'text'

/** What plug-ins of Mosquitto make of an answer. */
export type PluginAnswer =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly detail: string }
  /** No answer at all; `down` says that this may be so for everybody who asks. */
  | { readonly kind: 'none'; readonly detail: string; readonly down: boolean }

const yes: PluginAnswer = { kind: 'yes' }

/** Reads an answer as plug-ins of Mosquitto do: the status says yes or no. */
export function readPluginAnswer(reply: PluginReply, status: number, body: Buffer): PluginAnswer {
  if (status === 200 || (status === 204 && reply === 'status')) return readBody(reply, body)
  if (isRefusal(status)) return { kind: 'no', detail: `status ${status}` }
  return { kind: 'none', detail: `answered with status ${status}`, down: isOverloaded(status) }
}

function readBody(reply: PluginReply, body: Buffer): PluginAnswer {
  if (reply === 'status') return yes
  return reply === 'json' ? readJson(body) : readText(body)
}

/** `{"ok": true}` says yes, `{"ok": false, "error": "…"}` no; also with a capital letter. */
function readJson(body: Buffer): PluginAnswer {
  const answer = parseObject(body)
  const ok = answer?.get('ok') ?? answer?.get('Ok')
  if (typeof ok !== 'boolean')
    return { kind: 'none', detail: 'answered with no JSON object that has "ok"', down: false }
  const error = answer?.get('error') ?? answer?.get('Error')
  return ok ? yes : { kind: 'no', detail: typeof error === 'string' ? plain(error, 200) : 'without a reason' }
}

function readText(body: Buffer): PluginAnswer {
  const text = textOf(body)?.trim() ?? ''
  return text === 'ok' ? yes : { kind: 'no', detail: plain(text, 200) }
}

/** Fields as application/x-www-form-urlencoded has them. */
export function formQuestion(fields: readonly (readonly [string, Buffer])[]): HttpQuestion {
  const body = fields.map(([name, value]) => `${name}=${escaped(value)}`).join('&')
  return { type: 'application/x-www-form-urlencoded', body: Buffer.from(body, 'latin1') }
}

/** A password need not be text. */
function escaped(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\w.*-]/g, (byte) => (byte === ' ' ? '+' : `%${hex(byte)}`))
}

function hex(byte: string): string {
  return byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}
