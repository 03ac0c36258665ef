import { type Attempt, nameOf } from '../authz/check/cases.ts'
import type { Decision } from '../authz/policy/policy.ts'
import { whyText } from '../authz/policy/policy.ts'

const unseen = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Prints lines. Names and rules may have any text in them: nothing that moves the cursor of a terminal may pass. */
export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.map((line) => line.replace(unseen, '?')).join('\n')}\n`)
}

/** `dev00001 publish dt/demo/1 with QoS 1, retained`. */
export function attemptText({ subject, request }: Attempt): string {
  const { action, topic, qos, retain } = request
  const terms = [...(qos > 0 ? [` with QoS ${qos}`] : []), ...(retain ? [', retained'] : [])].join('')
  return `${nameOf(subject)} ${action}${topic === '' ? '' : ` ${topic}`}${terms}`
}

/** What decided, in words. */
export function decisionText(decision: Decision, { request }: Attempt): string {
  const part = decision.allowed && request.action === 'subscribe' && !decision.whole
  return `${whyText(decision, request)}${part ? ' (not all of it is delivered)' : ''}`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
