import { silentLog } from '../../../src/base/log.ts'
import type { Action, Authenticator, Authorizer, Client, Verdict } from '../../../src/engine/ports.ts'
import type { Settings } from '../../../src/engine/settings.ts'
import { Bench } from './kit.ts'

/** Rules for tests that can be changed: what is not allowed, as `action topic`, for everyone or as `name action topic`. */
export class Rules implements Authorizer {
  readonly asked: string[] = []
  readonly #denied = new Set<string>()
  /** Subscriptions of which the client may receive everything. */
  readonly whole = new Set<string>()
  passing = false
  maximumSubscribers = 0

  deny(...what: readonly string[]): this {
    for (const each of what) this.#denied.add(each)
    return this
  }

  allow(...what: readonly string[]): this {
    for (const each of what) this.#denied.delete(each)
    return this
  }

  decide(client: Client, action: Action, topic: string): Verdict {
    const what = `${action} ${topic}`.trim()
    this.asked.push(what)
    const rule = [what, `${client.identity.name} ${what}`].find((each) => this.#denied.has(each))
    const more = { passing: this.passing, maximumSubscribers: this.maximumSubscribers, whole: this.whole.has(topic) }
    return rule === undefined
      ? { allowed: true, why: 'nothing is against it', ...more }
      : { allowed: false, why: `denied by test:1: ${rule}`, rule: 'test:1', ...more }
  }

  watch(): void {}
}

/** Everybody is who the user name says. */
const byUserName: Authenticator = {
  authenticate: ({ username }) => ({ name: username ?? 'anonymous', method: 'test' }),
  begin: () => null,
}

export function ruledBench(rules: Authorizer, settings: Partial<Settings> = {}): Bench {
  return new Bench(settings, silentLog, { authenticator: byUserName, authorizer: rules })
}
