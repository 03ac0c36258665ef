import type { HttpQuestion } from '../../base/http/http-client.ts'
import type { Request } from '../policy/rule.ts'
import type { Subject } from '../policy/subject.ts'

/** What is sent of a client, by the names it is sent under. */
export type Facts = Readonly<Record<string, unknown>>

/** What a web service said. */
export type ServiceAnswer =
  | {
      readonly decision: 'allow' | 'deny' | 'unknown'
      /** In the words of the service, empty where it gave none. */
      readonly reason: string
      /** Seconds it holds, where the service says so. */
      readonly ttl: number | null
    }
  /** No answer at all; `down` says that this may be so for everybody who asks. */
  | { readonly decision: null; readonly detail: string; readonly down: boolean }

/** A way to ask a web service what a client may do. */
export interface HttpContract {
  facts(subject: Subject): Facts
  question(facts: Facts, request: Request): HttpQuestion
  answer(status: number, body: Buffer): ServiceAnswer
}
