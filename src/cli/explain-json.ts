import { escapedControls } from '../base/log-text.ts'
import type { Answer } from './explain-request.ts'

/** An explanation for programs, as JSON. */
export function answerJson({ request, who, allowed, why, explanation, gets }: Answer): string {
  const { action, topic, qos, retain } = request
  const { client, from, refused, notes } = who
  const { name, method, roles = [], groups = [], attributes = {}, permissions = null, certificate } = client.identity
  const { rule = null, before = [], beforeCount = 0, nearest = null } = explanation ?? {}
  const identity = {
    name,
    method,
    from,
    roles,
    groups,
    attributes,
    permissions,
    certificate: certificate?.subject ?? null,
  }
  const answer = {
    allowed,
    why,
    request: { action, topic: action === 'connect' ? null : topic, qos, retain },
    rule,
    gets,
    nearest,
    before,
    before_count: beforeCount,
    client: { id: client.id, listener: client.listener, address: client.peer.address, identity },
    let_in: refused === null,
    refused,
    notes,
  }
  return escapedControls(JSON.stringify(answer, null, 2))
}
