import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMosquittoAcl } from '../../../../src/authz/mosquitto-acl/mosquitto-acl.ts'
import { fc } from '../../../kit/fast-check.ts'
import { naivelyMatches, Rules, subjectOf } from './kit.ts'
import { type Asker, referenceAllows } from './reference.ts'

const names = ['a', 'b', 'c', 'a b', '$x', 'a+', '#', 'a/b', '__proto__', '%u', '%c', 'é', 'e\u0301']
const name = fc.constantFrom(...names)
const topicLevel = fc.constantFrom('a', 'b', 'c', '', '$x', '%u', '%c', 'é', 'e\u0301', 'a b', 'x%u', '__proto__')
const filterLevel = fc.oneof(
  { weight: 3, arbitrary: topicLevel },
  { weight: 2, arbitrary: fc.constantFrom('+', '%u', '%c') },
)
const topic = fc.array(topicLevel, { minLength: 1, maxLength: 4 }).map(joined)
const filter = fc
  .tuple(fc.array(filterLevel, { maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => joined(open || levels.length === 0 ? [...levels, '#'] : levels))
const line = fc.oneof(
  { weight: 1, arbitrary: name.map((user) => `user ${user}`) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.constantFrom('topic', 'topic', 'pattern'),
        fc.constantFrom('read', 'write', 'readwrite', 'deny', ''),
        filter,
      )
      .map(([word, access, text]) => `${word} ${access === '' && text.includes(' ') ? 'readwrite' : access} ${text}`),
  },
)
const file = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'))
const asker = fc.record({ user: fc.option(name, { freq: 3 }), id: name })
const question = fc.tuple(asker, fc.constantFrom('publish', 'will', 'receive'), topic)

/** No level makes no topic. */
function joined(levels: readonly string[]): string {
  return levels.join('/') || '/'
}

function subject({ user, id }: Asker) {
  return subjectOf(user, id)
}

test('random files decide what the documentation says', () => {
  const property = fc.property(file, fc.array(question, { minLength: 100, maxLength: 100 }), (text, questions) => {
    const rules = new Rules(readMosquittoAcl, text)
    for (const [who, action, name] of questions) {
      const expected = referenceAllows(text, who, action === 'receive' ? 'read' : 'write', name)
      if (rules.allows(subject(who), action, name) !== expected)
        assert.fail(`${JSON.stringify(who)} ${action} ${JSON.stringify(name)} is not ${expected} by\n${text}`)
    }
  })
  fc.assert(property, { numRuns: 1_000 })
})

const levels = ['a', 'b', '', '$x', 'é']
const universe = levels.flatMap((first) => [
  first,
  ...levels.flatMap((second) => [`${first}/${second}`, `${first}/${second}/a`]),
])
const topics = universe.filter((name) => name !== '')

test('random subscriptions are accepted where all may be read, or in the other mode some, and never else', () => {
  const property = fc.property(
    file,
    fc.array(fc.tuple(asker, filter), { minLength: 20, maxLength: 20 }),
    (text, asked) => {
      const contained = new Rules(readMosquittoAcl, text, 'contained')
      const overlapping = new Rules(readMosquittoAcl, text, 'overlapping')
      const any = new Rules(readMosquittoAcl, text, 'any')
      for (const [who, wanted] of asked) {
        const readable = topics
          .filter((name) => naivelyMatches(wanted, name))
          .map((name) => referenceAllows(text, who, 'read', name))
        const all = contained.allows(subject(who), 'subscribe', wanted)
        const some = overlapping.decision(subject(who), 'subscribe', wanted)
        const message = `${JSON.stringify(who)} ${wanted} by\n${text}`
        if (all) assert.ok(!readable.includes(false), message)
        if (readable.includes(true)) assert.ok(some.allowed, message)
        assert.equal(some.whole, all, message)
        assert.equal(any.allows(subject(who), 'subscribe', wanted), true)
      }
    },
  )
  fc.assert(property, { numRuns: 300 })
})
