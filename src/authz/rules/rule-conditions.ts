import type { AttributeSpec, CertificateSpec, ListSpec, SpecPlace, WhoSpec } from '../../config/rule-spec.ts'
import { Expressions } from '../expression/expressions.ts'
import { HasFact } from '../policy/has-fact.ts'
import type { Condition } from '../policy/rule.ts'
import { AddressList } from './address-list.ts'
import { attributeTest } from './attribute-test.ts'
import { certificateValue, certificateValues } from './certificate-values.ts'
import { expressionCondition } from './expression-condition.ts'
import { Globs } from './glob.ts'

/** What is wrong with a condition, and where in the rule it stands. */
interface ConditionMistake {
  readonly at: SpecPlace
  readonly message: string
}

const mostRemembered = 20_000

/** Makes the conditions of rules; the same one only once, as long as there are not too many others. */
export class RuleConditions {
  readonly #lists = new Map<readonly string[], Map<string, Condition | string>>()
  readonly #made = new Map<string, Condition | string>()
  readonly #expressions = new Expressions()

  /**
   * Null, and `report` called, where one has a mistake. `whenLong` is what holds of names that are too long for a regular
   * expression.
   */
  of(who: WhoSpec, whenLong: boolean, report: (mistake: ConditionMistake) => void): Condition[] | null {
    const conditions: Condition[] = []
    let right = true
    const add = (condition: Condition | string, at: SpecPlace) => {
      if (typeof condition !== 'string') conditions.push(condition)
      else {
        right = false
        report({ at, message: condition })
      }
    }
    for (const spec of who.lists) add(this.#list(spec), spec.at)
    if (who.anonymous !== null) conditions.push(who.anonymous ? anonymous : known)
    for (const spec of who.attributes)
      add(
        this.#once(`a ${spec.attribute} ${JSON.stringify(spec.test)}`, () => attributeCondition(spec)),
        spec.at,
      )
    for (const spec of who.certificate)
      add(
        this.#once(`c ${spec.field} ${JSON.stringify(spec.values)}`, () => certificateCondition(spec)),
        spec.at,
      )
    for (const { fact, expression: text, at } of who.matches)
      add(
        this.#once(`m ${fact} ${whenLong} ${text}`, () =>
          expressionCondition(this.#expressions, { fact, text }, whenLong),
        ),
        at,
      )
    return right ? conditions : null
  }

  /** A set is one list in all rules, so it need not be looked through to see that it is the same. */
  #list(spec: ListSpec): Condition | string {
    if (spec.values.length < 4) return this.#once(`l ${spec.fact} ${spec.values.join('\0')}`, () => listCondition(spec))
    let byFact = this.#lists.get(spec.values)
    if (byFact === undefined) this.#lists.set(spec.values, (byFact = new Map()))
    let condition = byFact.get(spec.fact)
    if (condition === undefined) byFact.set(spec.fact, (condition = listCondition(spec)))
    return condition
  }

  #once(key: string, make: () => Condition | string): Condition | string {
    let made = this.#made.get(key)
    if (made !== undefined) return made
    if (this.#made.size >= mostRemembered) this.#made.clear()
    made = make()
    this.#made.set(key, made)
    return made
  }
}

const anonymous: Condition = { text: 'the client is anonymous', holds: ({ user }) => user === null }
const known: Condition = { text: 'the client is not anonymous', holds: ({ user }) => user !== null }

function listCondition({ fact, values }: ListSpec): Condition | string {
  const text = `${fact} is ${oneOf(values)}`
  if (fact === 'address') return addressCondition(text, values)
  if (fact === 'listener' || fact === 'method') {
    const globs = new Globs(values)
    return {
      text,
      holds: ({ client, identity }) => globs.match(fact === 'listener' ? client.listener : identity.method),
    }
  }
  const [only = ''] = values
  if (values.length === 1 && !only.includes('*')) return new HasFact(fact, only)
  const globs = new Globs(values)
  const holds = fact === 'role' || fact === 'group' ? anyOf(fact, globs) : named(fact, globs)
  return globs.plain ? { text, holds, among: { fact, values: [...globs.exact] } } : { text, holds }
}

function named(fact: 'user' | 'client', globs: Globs): Condition['holds'] {
  return ({ user, clientId }) => {
    const name = fact === 'user' ? user : clientId
    return name !== null && globs.match(name)
  }
}

function anyOf(fact: 'role' | 'group', globs: Globs): Condition['holds'] {
  return ({ roles, groups }) => {
    for (const name of fact === 'role' ? roles : groups) if (globs.match(name)) return true
    return false
  }
}

function addressCondition(text: string, values: readonly string[]): Condition | string {
  const list = new AddressList()
  for (const value of values) {
    const mistake = list.add(value)
    if (mistake !== null) return mistake
  }
  return { text, holds: (subject) => list.has(subject) }
}

function attributeCondition({ attribute, test }: AttributeSpec): Condition | string {
  const parsed = attributeTest(test)
  if (typeof parsed === 'string') return `${attribute} ${parsed}`
  const text = `attribute ${attribute} is ${parsed.text}`
  return {
    text,
    holds: (subject) => {
      const value = subject.attribute(attribute)
      return value !== null && parsed.holds(value)
    },
  }
}

function certificateCondition({ field, values }: CertificateSpec): Condition {
  const globs = new Globs(values.map((value) => certificateValue(field, value)))
  const text = `${field.replaceAll('_', ' ')} of the certificate is ${oneOf(values)}`
  return { text, holds: (subject) => certificateValues(subject, field).some((value) => globs.match(value)) }
}

function oneOf(values: readonly string[]): string {
  const quoted = values
    .slice(0, values.length > mostShown ? mostShown - 1 : mostShown)
    .map((value) => JSON.stringify(value))
  if (values.length > quoted.length) quoted.push(`${values.length - quoted.length} others`)
  return quoted.length === 1 ? (quoted[0] ?? '') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}

const mostShown = 4
