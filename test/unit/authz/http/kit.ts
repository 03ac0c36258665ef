import assert from 'node:assert/strict'
import { Ajv } from 'ajv'
import type { Static } from 'typebox'
import type { HttpAccessOptions } from '../../../../src/authz/http/http-options.ts'
import { openHttpSource } from '../../../../src/authz/http/http-source.ts'
import type { AskedAnswer, Request, Rule } from '../../../../src/authz/policy/rule.ts'
import { Subject } from '../../../../src/authz/policy/subject.ts'
import type { RuleSource } from '../../../../src/authz/rule-source.ts'
import { WatchedFiles } from '../../../../src/base/watched-files.ts'
import { httpAccessSchema } from '../../../../src/config/http-access-schema.ts'
import { ownKeywords } from '../../../../src/config/option.ts'
import { FakeClock } from '../../../kit/fake-clock.ts'
import { clientOf, NotedLog } from '../kit.ts'

/** Options with the defaults of the configuration. */
function serviceOptions(section: object): HttpAccessOptions {
  const ajv = new Ajv({ useDefaults: true, allErrors: true })
  for (const keyword of ownKeywords) ajv.addKeyword(keyword)
  const valid = ajv.compile<Static<typeof httpAccessSchema>>(httpAccessSchema)
  const candidate: unknown = structuredClone(section)
  if (valid(candidate)) return candidate
  assert.fail(ajv.errorsText(valid.errors))
}

export const alice = new Subject(clientOf('c1', { name: 'alice' }))

export const publish: Request = { action: 'publish', topic: 'a/b', qos: 1, retain: false }

/** A source that asks a service, and what it works with. */
export class Bench implements AsyncDisposable {
  readonly clock = new FakeClock()
  readonly files = new WatchedFiles()
  readonly log = new NotedLog()
  readonly source: RuleSource
  readonly rule: Rule

  constructor(section: object) {
    const { clock, files, log } = this
    this.source = openHttpSource(serviceOptions(section), 'service', { clock, files, log })
    const [rule] = this.source.read(new Map()).rules
    assert.ok(rule !== undefined)
    this.rule = rule
  }

  /** What the service says, now or later. */
  ask(request: Partial<Request> = {}, subject: Subject = alice): Promise<AskedAnswer> | AskedAnswer {
    const { effect } = this.rule
    assert.ok(typeof effect === 'object')
    return effect.ask(subject, { ...publish, ...request })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.source.close()
    this.files.close()
  }
}
