import type { Log } from '../base/log.ts'
import type { WatchedFiles } from '../base/watched-files.ts'
import type { Action, Answer, Authorizer, Client, Explanation, Verdict } from '../engine/ports.ts'
import type { Qos } from '../packet/types.ts'
import { explain } from './policy/explain.ts'
import { type Decision, Policy, type PolicyOptions } from './policy/policy.ts'
import { type Request, writtenRules } from './policy/rule.ts'
import type { Remark } from './policy/source.ts'
import { Subject } from './policy/subject.ts'
import type { RuleSource } from './rule-source.ts'
import { RuleSources } from './rule-sources.ts'
import { Verdicts } from './verdicts.ts'

interface Context {
  readonly log: Log
  readonly files: WatchedFiles
}

/** Remarks that are logged one by one. */
const maximumRemarks = 20

/**
 * Decides by the rules of these sources, which it closes in the end.
 *
 * @throws BrokerError ACCESS_FILE_UNREADABLE or ACCESS_INVALID with the mistakes of all sources.
 */
export async function openRulesAuthorizer(
  sources: readonly RuleSource[],
  options: PolicyOptions,
  context: Context,
): Promise<Authorizer> {
  const rules = await RuleSources.open(sources, context)
  return new RulesAuthorizer(sources, rules, options, context.log)
}

/** Compiles the rules of these sources as they are now. @throws BrokerError as `openRulesAuthorizer`. */
export async function readPolicy(
  sources: readonly RuleSource[],
  options: PolicyOptions,
  context: Context,
): Promise<{ readonly policy: Policy; readonly remarks: readonly Remark[] }> {
  const opened = await RuleSources.open(sources, context)
  const { rules, remarks } = opened
  await opened.close()
  return { policy: new Policy(rules, options), remarks }
}

class RulesAuthorizer implements Authorizer {
  readonly #sources: readonly RuleSource[]
  readonly #rules: RuleSources
  readonly #options: PolicyOptions
  readonly #log: Log
  readonly #subjects = new WeakMap<Client, Subject>()
  #policy: Policy
  #verdicts: Verdicts
  #changed: () => void = () => {}

  constructor(sources: readonly RuleSource[], rules: RuleSources, options: PolicyOptions, log: Log) {
    this.#sources = sources
    this.#rules = rules
    this.#options = options
    this.#log = log
    this.#policy = new Policy(rules.rules, options)
    this.#verdicts = new Verdicts(this.#policy.rules)
    rules.watch(() => this.#swap())
    this.#tellRemarks()
  }

  decide(client: Client, action: Action, topic: string, qos: Qos, retain: boolean): Answer<Verdict> {
    const request: Request = { action, topic, qos, retain }
    const decision = this.#policy.decide(this.#subjectOf(client), request)
    return decision instanceof Promise ? this.#settle(decision, client, request) : this.#verdicts.of(decision, request)
  }

  explain(client: Client, action: Action, topic: string, qos: Qos, retain: boolean): Promise<Explanation> {
    return explain(this.#policy, this.#subjectOf(client), { action, topic, qos, retain })
  }

  watch(changed: () => void): void {
    this.#changed = changed
  }

  async close(): Promise<void> {
    await this.#rules.close()
    for (const source of this.#sources) source.close()
  }

  /** Rules that changed while a service was asked decide anew. */
  async #settle(asked: Promise<Decision>, client: Client, request: Request): Promise<Verdict> {
    const verdicts = this.#verdicts
    const decision = await asked
    if (verdicts === this.#verdicts) return verdicts.of(decision, request)
    const { action, topic, qos, retain } = request
    return await this.decide(client, action, topic, qos, retain)
  }

  #subjectOf(client: Client): Subject {
    const known = this.#subjects.get(client)
    if (known !== undefined && known.identity === client.identity) return known
    const subject = new Subject(client)
    this.#subjects.set(client, subject)
    return subject
  }

  /** All the rules at once, or none of them. */
  #swap(): void {
    const since = performance.now()
    this.#policy = new Policy(this.#rules.rules, this.#options)
    this.#verdicts = new Verdicts(this.#policy.rules)
    this.#log.info('access rules reloaded', {
      rules: writtenRules(this.#policy.rules).length,
      milliseconds: Math.round(performance.now() - since),
    })
    this.#tellRemarks()
    this.#changed()
  }

  #tellRemarks(): void {
    const { remarks } = this.#rules
    for (const { file, line, text } of remarks.slice(0, maximumRemarks))
      this.#log.warn('access rules have a flaw', { place: line === 0 ? file : `${file}:${line}`, flaw: text })
    if (remarks.length > maximumRemarks)
      this.#log.warn('access rules have more flaws: "petaltail policy lint" shows them', {
        more: remarks.length - maximumRemarks,
      })
  }
}
