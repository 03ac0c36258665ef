import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Policy } from '../../../../src/authz/policy/policy.ts'
import { fc } from '../../../kit/fast-check.ts'
import { options, request, rules, subject } from './arbitrary.ts'
import { evaluate, isMatch } from './reference.ts'

const cases = 100_000
const runs = 600
const subjects = 4
const levels = ['', 'a', 'b', '$x', '~']
const topics = levels
  .flatMap((one) => [
    one,
    ...levels.flatMap((two) => [`${one}/${two}`, ...levels.map((three) => `${one}/${two}/${three}`)]),
  ])
  .filter((topic) => topic !== '')

test('a policy decides as the plainest reading of its rules does', async () => {
  const each = Math.ceil(cases / runs / subjects)
  let counted = 0
  const requests = fc.array(request, { minLength: each, maxLength: each, size: 'max' })
  const clients = fc.array(subject, { minLength: subjects, maxLength: subjects })
  await fc.assert(
    fc.asyncProperty(rules, options, clients, requests, async (list, chosen, who, asked) => {
      const policy = new Policy(list, chosen)
      for (const one of asked) {
        for (const client of who) {
          counted++
          const { allowed, rule, whole } = await policy.decide(client, one)
          const expected = await evaluate(list, chosen, client, one)
          const shown = one.action === 'subscribe' ? null : rule
          assert.deepEqual(
            [allowed, shown, whole],
            [expected.allowed, expected.rule, expected.whole],
            JSON.stringify(one),
          )
        }
      }
    }),
    { numRuns: runs },
  )
  assert.ok(counted >= cases)
})

test('what is subscribed to as a whole may be received, topic by topic', async () => {
  let whole = 0
  await fc.assert(
    fc.asyncProperty(
      rules,
      options,
      subject,
      fc.array(request, { minLength: 5 }),
      async (list, chosen, client, asked) => {
        const policy = new Policy(list, chosen)
        for (const one of asked) {
          if (one.action !== 'subscribe') continue
          const decision = await policy.decide(client, one)
          if (!decision.whole || decision.asked !== null) continue
          whole++
          for (const topic of topics.filter((name) => isMatch(one.topic, name))) {
            const received = await policy.decide(client, { action: 'receive', topic, qos: 0, retain: false })
            assert.ok(received.allowed, `${topic} of ${one.topic}`)
          }
        }
      },
    ),
    { numRuns: 200 },
  )
  assert.ok(whole > 50)
})
