import type { HttpQuestion } from '../../base/http/http-client.ts'
import { textOf } from '../../base/http/http-json.ts'
import { formQuestion, readPluginAnswer } from '../../base/http/plugin-contract.ts'
import type { Credentials, Denial } from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import type { Claim, Decision, HttpContract } from './http-contract.ts'
import type { HttpOptions } from './http-options.ts'

/** What plug-ins of Mosquitto do: user name, password and client identifier go out, and the status says yes or no. */
export function formContract({ body, reply }: Pick<HttpOptions, 'body' | 'reply'>): HttpContract {
  return {
    question: ({ who }) => (body === 'json' ? json(who) : form(who)),
    decision: (claim, status, content) => {
      const answer = readPluginAnswer(reply, status, content)
      if (answer.kind === 'yes') return accepted(claim)
      return answer.kind === 'no' ? { kind: 'denied', detail: answer.detail } : answer
    },
  }
}

function form({ username, password, clientId }: Credentials): HttpQuestion {
  return formQuestion([
    ['username', Buffer.from(username ?? '')],
    ['password', password ?? Buffer.alloc(0)],
    ['clientid', Buffer.from(clientId)],
  ])
}

function json({ username, password, clientId }: Credentials): HttpQuestion | Denial {
  const text = textOf(password ?? Buffer.alloc(0))
  // Characters put in place of what is not UTF-8 would make different passwords the same.
  if (text === null)
    return { reason: Reason.BadUserNameOrPassword, detail: 'the password is not UTF-8, and cannot be sent as JSON' }
  const body = JSON.stringify({ username: username ?? '', password: text, clientid: clientId })
  return { type: 'application/json', body: Buffer.from(body) }
}

function accepted({ who }: Claim): Decision {
  const name = who.username ?? ''
  if (name === '') return { kind: 'denied', detail: 'there is no user name, and so nobody the client could be' }
  return { kind: 'allowed', identity: { name, method: 'http' } }
}
