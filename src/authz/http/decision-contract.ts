import { plain } from '../../base/http/http-failure.ts'
import { parseObject } from '../../base/http/http-json.ts'
import { isOverloaded } from '../../base/http/http-status.ts'
import type { HttpContract, ServiceAnswer } from './http-contract.ts'

const maximumSeconds = 86_400

/** All that is known goes out as JSON, and a decision comes back. */
export const decisionContract: HttpContract = {
  facts: ({ client, identity, user }) => ({
    clientId: client.id,
    identity: user ?? undefined,
    method: identity.method,
    roles: identity.roles,
    groups: identity.groups,
    attributes: identity.attributes,
    address: client.peer.address,
    listener: client.listener,
    version: client.version,
  }),

  question: (facts, { action, topic, qos, retain }) => {
    const wish = action === 'connect' ? { action } : { action, topic, qos, retain }
    return { type: 'application/json', body: Buffer.from(JSON.stringify({ ...wish, ...facts })) }
  },

  answer: (status, body) => {
    if (status !== 200) return { decision: null, detail: `answered with status ${status}`, down: isOverloaded(status) }
    const members = parseObject(body)
    if (members === null) return unusable('no JSON object')
    const decision = members.get('decision')
    if (decision !== 'allow' && decision !== 'deny' && decision !== 'unknown') return unusable('no decision')
    const reason = members.get('reason') ?? ''
    if (typeof reason !== 'string') return unusable('a reason that is no text')
    const ttl = members.get('ttl') ?? null
    if (ttl !== null && !isSeconds(ttl)) return unusable('a ttl that is no number of seconds')
    return { decision, reason: plain(reason, 200), ttl: ttl === null ? null : Math.min(ttl, maximumSeconds) }
  },
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function unusable(what: string): ServiceAnswer {
  return { decision: null, detail: `answered with ${what}`, down: false }
}
