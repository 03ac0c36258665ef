import { createHash } from 'node:crypto'
import type { HttpPurpose } from '../../base/http/http-options.ts'
import { type HttpContext, HttpServer } from '../../base/http/http-server.ts'
import {
  type Asked,
  type AskedAnswer,
  actionBit,
  actionBits,
  type Request,
  type Rule,
  unlimited,
} from '../policy/rule.ts'
import type { Subject } from '../policy/subject.ts'
import { fixedSource, type RuleSource } from '../rule-source.ts'
import { Answers } from './answers.ts'
import { ClientLine } from './client-line.ts'
import { decisionContract } from './decision-contract.ts'
import { formContract } from './form-contract.ts'
import type { Facts, HttpContract, ServiceAnswer } from './http-contract.ts'
import type { HttpAccessOptions } from './http-options.ts'

const purpose: HttpPurpose = {
  name: 'the access service',
  meanwhile: 'what it would be asked about is denied',
  unreadable: 'ACCESS_FILE_UNREADABLE',
  unusable: 'ACCESS_INVALID',
}

/** No topic and facts about a device are near this; many questions may wait. */
const maximumQuestionBytes = 65_536

/** Longer topics are kept by their hash. */
const longTopic = 256

/**
 * A web service that decides. Where it gives no answer, nobody may do what it would have been asked about.
 *
 * @throws BrokerError when a file cannot be read or used.
 */
export function openHttpSource(options: HttpAccessOptions, name: string, context: HttpContext): RuleSource {
  const server = new HttpServer(options, purpose, context, Math.random)
  const rule: Rule = {
    ...unlimited,
    effect: new HttpService(options, name, server, context),
    // What it lets somebody subscribe to, that may be delivered.
    actions: actionBits(options.actions) | (options.actions.includes('subscribe') ? actionBit.receive : 0),
    topics: null,
    who: [],
    text: `ask the web service about ${options.actions.join(', ')}`,
    place: { file: name, line: 0 },
  }
  return fixedSource(name, { rules: [rule], remarks: [] }, () => server.close())
}

/** What is sent of a client, a short text that stands for it, and how much is asked about it. */
interface Known {
  readonly facts: Facts
  readonly mark: string
  readonly line: ClientLine
}

class HttpService implements Asked {
  readonly #options: HttpAccessOptions
  readonly #name: string
  readonly #server: HttpServer
  readonly #contract: HttpContract
  readonly #answers: Answers
  readonly #known = new WeakMap<Subject, Known>()
  /** Who asks what is asked already waits for the same answer. */
  readonly #underway = new Map<string, Promise<AskedAnswer>>()

  constructor(options: HttpAccessOptions, name: string, server: HttpServer, { clock }: HttpContext) {
    this.#options = options
    this.#name = name
    this.#server = server
    this.#contract = options.contract === 'form' ? formContract(options) : decisionContract
    this.#answers = new Answers(options.cache.entries, clock)
  }

  ask(subject: Subject, request: Request): Promise<AskedAnswer> | AskedAnswer {
    const known = this.#knownOf(subject)
    const question = markOf(known.mark, request)
    const answer = this.#answers.find(question) ?? this.#underway.get(question)
    if (answer !== undefined) return answer
    const asking = this.#askInTurn(question, known, request).finally(() => this.#underway.delete(question))
    this.#underway.set(question, asking)
    return asking
  }

  #knownOf(subject: Subject): Known {
    const present = this.#known.get(subject)
    if (present !== undefined) return present
    const facts = this.#contract.facts(subject)
    const known = { facts, mark: hash(JSON.stringify(facts)), line: new ClientLine() }
    this.#known.set(subject, known)
    return known
  }

  async #askInTurn(mark: string, { facts, line }: Known, request: Request): Promise<AskedAnswer> {
    if (!(await line.enter())) return denied('too many questions about the client wait for an answer')
    try {
      return await this.#ask(mark, facts, request)
    } finally {
      line.leave()
    }
  }

  async #ask(mark: string, facts: Facts, request: Request): Promise<AskedAnswer> {
    const question = this.#contract.question(facts, request)
    if (question.body.length > maximumQuestionBytes)
      return denied(`what is known of the client makes more than ${maximumQuestionBytes} bytes, which is not asked`)
    const asked = await this.#server.ask(question, (status, body) => {
      const result = this.#contract.answer(status, body)
      return { result, down: result.decision === null && result.down }
    })
    if (asked.kind !== 'read') return denied(asked.detail)
    return this.#understand(mark, asked.result)
  }

  #understand(mark: string, answer: ServiceAnswer): AskedAnswer {
    if (answer.decision === null) return denied(`${this.#name} ${answer.detail}`)
    const { decision, reason, ttl } = answer
    const found = { decision, why: `${this.#name} ${verbs[decision]}${reason === '' ? '' : `: ${reason}`}` }
    const { allowed, denied: refused } = this.#options.cache
    this.#answers.keep(mark, found, ttl ?? (decision === 'allow' ? allowed : refused))
    return found
  }
}

const verbs = { allow: 'allows it', deny: 'denies it', unknown: 'does not know' } as const

function denied(why: string): AskedAnswer {
  return { decision: 'deny', why }
}

/** Stands for a question: the same for the same, and no other. */
function markOf(client: string, { action, topic, qos, retain }: Request): string {
  const wish = `${client}${action} ${qos}${retain ? 'r' : '-'}`
  return topic.length > longTopic ? `${wish}#${hash(topic)}` : `${wish}=${topic}`
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
