import { formQuestion, readPluginAnswer } from '../../base/http/plugin-contract.ts'
import type { Action } from '../../engine/ports.ts'
import type { HttpContract } from './http-contract.ts'
import type { HttpAccessOptions } from './http-options.ts'

/** What plug-ins of Mosquitto call what a client wants to do. */
const access: Readonly<Record<Action, number>> = { connect: 0, receive: 1, publish: 2, will: 2, subscribe: 4 }

/** What plug-ins of Mosquitto do: user name, client identifier, topic and access go out, and the status says yes or no. */
export function formContract({ body, reply }: Pick<HttpAccessOptions, 'body' | 'reply'>): HttpContract {
  return {
    facts: ({ user, clientId }) => ({ username: user ?? '', clientid: clientId }),

    question: (facts, { action, topic }) => {
      const fields = { ...facts, topic, acc: access[action] }
      if (body === 'json') return { type: 'application/json', body: Buffer.from(JSON.stringify(fields)) }
      return formQuestion(Object.entries(fields).map(([name, value]) => [name, Buffer.from(String(value))]))
    },

    answer: (status, content) => {
      const answer = readPluginAnswer(reply, status, content)
      if (answer.kind === 'none') return { decision: null, detail: answer.detail, down: answer.down }
      if (answer.kind === 'yes') return { decision: 'allow', reason: '', ttl: null }
      return { decision: 'deny', reason: answer.detail, ttl: null }
    },
  }
}
