import { readAccess } from '../access.ts'
import { explain } from '../authz/policy/explain.ts'
import type { Request } from '../authz/policy/rule.ts'
import { Subject } from '../authz/policy/subject.ts'
import type { Config } from '../config/schema.ts'
import { settingsOf } from '../config/settings.ts'
import type { Action, Explanation } from '../engine/ports.ts'
import { isReserved, parseFilter } from '../topic/filter.ts'
import { TopicNames } from '../topic/name.ts'
import type { PresumedClient } from './explain-client.ts'
import { mistake } from './explain-given.ts'

/** What is asked. */
export interface Question {
  readonly action: string
  readonly topic: string | undefined
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

export interface Answer {
  readonly request: Request
  readonly who: PresumedClient
  readonly allowed: boolean
  readonly why: string
  /** What the rules say; null where they were not asked. */
  readonly explanation: Explanation | null
  /** Of a subscription: what the client gets of it, in words; else null. */
  readonly gets: string | null
}

/** Asks the rules of a configuration. */
export async function answerOf(question: Question, who: PresumedClient, config: Config): Promise<Answer> {
  const request = requestOf(question, config)
  const { action, topic } = request
  if (action === 'connect' && who.refused !== null)
    return { request, who, allowed: false, why: who.refused, explanation: null, gets: null }
  if ((action === 'publish' || action === 'will') && isReserved(topic))
    return { request, who, allowed: false, why: reserved, explanation: null, gets: null }
  if (config.access === undefined)
    return { request, who, allowed: true, why: 'no rules are configured', explanation: null, gets: null }
  return await asked(request, who, config.access)
}

const reserved = 'topics under $SYS belong to the broker'

async function asked(request: Request, who: PresumedClient, access: NonNullable<Config['access']>): Promise<Answer> {
  const { policy, close } = await readAccess(access)
  try {
    const subject = new Subject(who.client)
    const explanation = await explain(policy, subject, request)
    const { allowed, why } = explanation
    if (request.action !== 'subscribe' || !allowed) return { request, who, allowed, why, explanation, gets: null }
    const { whole, maximumSubscribers } = await policy.decide(subject, request)
    return { request, who, allowed, why, explanation, gets: getsText(whole, maximumSubscribers) }
  } finally {
    close()
  }
}

function getsText(whole: boolean, maximumSubscribers: number): string {
  const gets = whole
    ? 'everything the filter matches may be received'
    : 'of what the filter matches, only what the client may receive is delivered: each message is looked at'
  if (maximumSubscribers === 0) return gets
  return `${gets}; at most ${maximumSubscribers} sessions may subscribe to all of it`
}

function requestOf({ action: word, topic, qos, retain }: Question, config: Config): Request {
  const action = actionOf(word)
  if (action === 'connect') {
    if (topic !== undefined) throw mistake('connect takes no topic')
    return { action, topic: '', qos, retain: false }
  }
  if (topic === undefined) throw mistake(`say which topic: petaltail explain … ${action} TOPIC`)
  if (action !== 'subscribe') {
    if (new TopicNames(settingsOf(config)).of(topic)?.valid !== true)
      throw mistake(`${JSON.stringify(topic)} is not a topic that can be published to`)
    return { action, topic, qos, retain }
  }
  const filter = parseFilter(topic)
  if (filter === null || topic.includes('\0')) throw mistake(`${JSON.stringify(topic)} is not a topic filter`)
  return { action, topic: filter.pattern, qos, retain: false }
}

function actionOf(word: string): Action {
  const action = actions.find((each) => each === word)
  if (action === undefined) throw mistake(`${JSON.stringify(word)} is none of ${actions.join(', ')}`)
  return action
}

const actions: readonly Action[] = ['connect', 'publish', 'subscribe', 'receive', 'will']
