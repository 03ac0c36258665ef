import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTopicSpaces } from '../../../../src/authz/topic-spaces/topic-spaces.ts'
import { fc } from '../../../kit/fast-check.ts'
import { Rules, subjectOf } from './kit.ts'
import { type Person, type Query, referenceAllows, type World } from './reference.ts'

const worlds = 2_000
const requestsEach = 50

const texts = fc.constantFrom('a', 'b', 'c', "it's", 'say "b"', '')
const numbers = fc.constantFrom(-1, 0, 1, 2)
const attributeOperand = fc.constantFrom('attributes.x', 'attributes.y', 'attributes.missing')
const literal = fc.oneof(texts, numbers)
const nameOperand = fc.constantFrom('authenticationName', 'name')
const differs = fc.boolean()
const literals = fc.array(literal, { minLength: 1, maxLength: 3 })
const names = fc.array(texts, { minLength: 1, maxLength: 3 })
const comparison: fc.Arbitrary<Query> = fc.oneof(
  fc.record({ is: fc.constant('equality' as const), operand: attributeOperand, differs, literal }),
  fc.record({ is: fc.constant('equality' as const), operand: nameOperand, differs, literal: texts }),
  fc.record({
    is: fc.constant('order' as const),
    operand: attributeOperand,
    mark: fc.constantFrom('<', '>', '<=', '>='),
    bound: numbers,
  }),
  fc.record({ is: fc.constant('in' as const), operand: attributeOperand, literals }),
  fc.record({ is: fc.constant('in' as const), operand: nameOperand, literals: names }),
)
const { query } = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc.record({ is: fc.constant('and' as const), parts: fc.array(tie('query'), { minLength: 2, maxLength: 3 }) }),
    fc.record({ is: fc.constant('or' as const), parts: fc.array(tie('query'), { minLength: 2, maxLength: 3 }) }),
  ),
}))

const level = fc.constantFrom('a', 'b', 'c', 'd', '', '$a', '+')
const variable = fc
  .constantFrom(
    '<client.authenticationName>',
    '<client.name>',
    '<principal.deviceId>',
    '<client.attributes.x>',
    '<client.attributes.y>',
    '<client.attributes.x|.b>',
    '<client.attributes.y>b',
    'a<client.name><client.attributes.x>',
  )
  .map((text) => text.replaceAll('<', '$' + '{').replaceAll('>', '}'))
const template = fc
  .tuple(fc.array(fc.oneof({ weight: 3, arbitrary: level }, variable), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
  .filter((text) => text !== '')
const groupNames = ['one', 'two', 'three']
const spaceNames = ['red', 'green', 'blue']
const world: fc.Arbitrary<World> = fc.record({
  groups: fc
    .tuple(query, query, query)
    .map((queries) => queries.map((each, index) => ({ name: groupNames[index] ?? '', query: each }))),
  spaces: fc
    .tuple(...spaceNames.map(() => fc.array(template, { minLength: 1, maxLength: 3 })))
    .map((templates) => templates.map((each, index) => ({ name: spaceNames[index] ?? '', templates: each }))),
  bindings: fc.array(
    fc.record({
      group: fc.constantFrom('$all', ...groupNames),
      space: fc.constantFrom(...spaceNames),
      permission: fc.constantFrom('Publisher', 'Subscriber'),
    }),
    { maxLength: 5 },
  ),
})

const value = fc.constantFrom('a', 'b', 'c', '+', '#', 'a/b', '', '$a', 'a\0')
const attribute = fc.oneof(value, numbers, fc.array(value, { maxLength: 3 }))
const person: fc.Arbitrary<Person> = fc.record({
  name: fc.constantFrom('a', 'b', "it's", '+', '#', 'a/b', '$a'),
  attributes: fc.record({ x: attribute, y: attribute }, { requiredKeys: [] }),
})
const topic = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', 'aa', 'ab', 'a.b', 'bb', '', '$a', '-1'), { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')
const filter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'ab', '', '$a', '+'), { maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
  .filter((text) => text !== '')
const asked = fc.oneof(
  fc.tuple(fc.constantFrom('publish' as const, 'will' as const, 'receive' as const), topic),
  fc.tuple(fc.constant('subscribe' as const), filter),
)

test('100,000 decisions about random topic spaces are those of a naive reading of them', () => {
  let allowed = 0
  const requests = fc.array(fc.tuple(person, asked), { minLength: requestsEach, maxLength: requestsEach })
  fc.assert(
    fc.property(world, fc.nat(), requests, (given, style, questions) => {
      const rules = new Rules(readTopicSpaces({ fanoutChecks: false })(new Map([fileOf(given, style)])))
      for (const [who, [action, about]] of questions) {
        const expected = referenceAllows(given, who, action, about)
        const { name, attributes } = who
        const answer = rules.decide(subjectOf(name, { attributes }), action, about)
        assert.equal(answer.allowed, expected, `${action} ${about} by ${JSON.stringify(who)}`)
        if (expected) allowed++
      }
    }),
    { numRuns: worlds },
  )
  assert.ok(allowed > worlds, 'some are allowed')
})

/** The same in one of the forms files have. */
function fileOf({ groups, spaces, bindings }: World, style: number): [string, string] {
  const clientGroups = groups.map(({ name, query: each }) =>
    resource('clientGroups', name, { query: written(each, style) }, style),
  )
  const topicSpaces = spaces.map(({ name, templates }) =>
    resource('topicSpaces', name, { topicTemplates: templates }, style),
  )
  const permissionBindings = bindings.map(({ group, space, permission }, index) =>
    resource('permissionBindings', `b-${index}`, { clientGroupName: group, topicSpaceName: space, permission }, style),
  )
  const all = [...clientGroups, ...topicSpaces, ...permissionBindings]
  if (style % 4 === 0) return ['spaces.json', JSON.stringify({ clientGroups, topicSpaces, permissionBindings })]
  if (style % 4 === 1) return ['spaces.json', JSON.stringify(all, null, 2)]
  if (style % 4 === 2) return ['spaces.jsonl', all.map((each) => JSON.stringify(each)).join('\n')]
  return ['spaces.yaml', JSON.stringify({ clientGroups, topicSpaces, permissionBindings }, null, 1)]
}

function resource(kind: string, name: string, properties: object, style: number): object {
  if (style % 3 === 0) return { name, ...properties }
  if (style % 3 === 1) return { name: `namespace/${name}`, type: `Microsoft.EventGrid/namespaces/${kind}`, properties }
  return { id: `/subscriptions/x/namespaces/n/${kind}/${name}`, location: null, properties }
}

/** The text of a query. */
function written(part: Query, style: number): string {
  if (part.is === 'and' || part.is === 'or') {
    const word = style % 2 === 0 ? part.is : part.is.toUpperCase()
    const parts = part.parts.map((each) => {
      // Without brackets where they are not needed: "and" binds tighter.
      const open = part.is === 'or' && each.is === 'and' && style % 5 > 0
      return each.is === 'or' || (each.is === 'and' && !open) ? `(${written(each, style)})` : written(each, style)
    })
    return parts.join(` ${word} `)
  }
  const space = style % 3 === 0 ? '' : ' '
  if (part.is === 'in')
    return `${part.operand} IN [${part.literals.map((each) => quoted(each, style)).join(`,${space}`)}]`
  if (part.is === 'order') return [part.operand, part.mark, part.bound].join(space)
  const different = style % 2 === 0 ? '!=' : '<>'
  return [part.operand, part.differs ? different : '=', quoted(part.literal, style)].join(space)
}

function quoted(given: string | number, style: number): string {
  if (typeof given === 'number') return String(given)
  const quote = style % 2 === 0 ? '"' : "'"
  return quote + given.replaceAll(quote, quote + quote) + quote
}
