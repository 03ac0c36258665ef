import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTopicSpaces } from '../../../../src/authz/topic-spaces/topic-spaces.ts'
import type { AttributeValue } from '../../../../src/engine/ports.ts'
import { mistakesOf, Rules, subjectOf, topicSpaces } from './kit.ts'

/** A space with these templates that everybody publishes to. */
function withTemplates(...topicTemplates: readonly string[]): Rules {
  const space = { name: 'space', topicTemplates }
  const binding = { clientGroupName: '$all', topicSpaceName: 'space', permission: 'Publisher' }
  return topicSpaces(JSON.stringify({ topicSpaces: [space], permissionBindings: [binding] }))
}

function publishes(template: string, topic: string, attributes: Record<string, AttributeValue> = {}, name = 'm1') {
  return withTemplates(template).allows(subjectOf(name, { attributes }), 'publish', topic)
}

test('the variables of all generations stand for the name as it is spelled', () => {
  for (const word of ['client.authenticationName', 'client.name', 'principal.deviceId']) {
    assert.ok(publishes(`a/\${${word}}/b`, 'a/Machine1/b', {}, 'Machine1'))
    assert.ok(!publishes(`a/\${${word}}/b`, 'a/machine1/b', {}, 'Machine1'))
  }
})

test('a variable is a level or a part of one, with a text behind it in either form', () => {
  assert.ok(publishes(`machines/\${client.authenticationName|.factory1}/temp`, 'machines/m1.factory1/temp'))
  assert.ok(publishes(`machines/\${client.authenticationName}.factory1/temp`, 'machines/m1.factory1/temp'))
  assert.ok(!publishes(`machines/\${client.authenticationName|.factory1}/temp`, 'machines/m1/temp'))
  assert.ok(publishes(`\${client.attributes.a}-\${client.attributes.b}`, '1-x', { a: 1, b: 'x' }))
})

test('an attribute that is not there grants nothing, and any value of a list will do', () => {
  assert.ok(!publishes(`a/\${client.attributes.area}/#`, 'a//b'))
  assert.ok(!publishes(`a/\${client.attributes.area}/#`, 'a/undefined'))
  for (const topic of ['a/1/x', 'a/2'])
    assert.ok(publishes(`a/\${client.attributes.area}/#`, topic, { area: ['1', '2'] }))
  assert.ok(!publishes(`a/\${client.attributes.area}/#`, 'a/3', { area: ['1', '2'] }))
})

test('a value never stands for more than its place', () => {
  for (const name of ['+', '#', 'a/b', '', 'a+', 'x\0']) {
    for (const topic of ['a/b/c', 'a/+/c', 'a/#/c', 'a//c', `a/${name}/c`])
      assert.ok(!publishes(`a/\${client.attributes.area}/c`, topic, { area: name }), `${name} ${topic}`)
  }
})

test('files may have a resource each, lists, lines, or sections, with and without properties', () => {
  const query = "attributes.type = 'vehicle'"
  const type = (kind: string) => `Microsoft.EventGrid/namespaces/${kind}`
  const binding = { clientGroupName: 'cars', topicSpaceName: 'roads', permission: 'Publisher' }
  const groups = [
    ['cars.json', JSON.stringify({ properties: { query } })],
    [
      'x.json',
      JSON.stringify({ name: 'ns/cars', type: type('clientGroups'), properties: { query, description: 'all' } }),
    ],
    ['x.json', JSON.stringify({ value: [{ id: '/a/b/clientGroups/cars', properties: { query } }], nextLink: null })],
    ['x.yml', `- name: cars\n  query: ${JSON.stringify(query)}\n  systemData: {}\n`],
    ['x', `\uFEFF[{"name":"cars","query":"${query}"}]`],
  ]
  const others = [
    ['y.jsonl', [{ name: 'roads', topicTemplates: ['r/#'] }, binding].map((each) => JSON.stringify(each)).join('\n')],
    [
      'y.json',
      JSON.stringify({ topicSpaces: [{ name: 'roads', topicTemplates: 'r/#' }], permissionBindings: [binding] }),
    ],
    ['y', `topic_spaces: [{name: roads, topicTemplates: [r/#]}]\npermissionBindings: [${JSON.stringify(binding)}]`],
    ['y.json', JSON.stringify([{ resources: [{ name: 'roads', properties: { topicTemplates: ['r/#'] } }] }, binding])],
  ]
  const car = subjectOf('c', { attributes: { type: 'vehicle' } })
  for (const [file = '', text = ''] of groups) {
    for (const [otherFile = '', otherText = ''] of others) {
      const texts = new Map([
        [file, text],
        [otherFile, otherText],
      ])
      const rules = new Rules(readTopicSpaces({ fanoutChecks: true })(texts))
      assert.ok(rules.allows(car, 'publish', 'r/1'), `${text} ${otherText}`)
      assert.ok(!rules.allows(subjectOf('c'), 'publish', 'r/1'))
    }
  }
})

test('resources of other kinds are passed over, and that is said', () => {
  const text = `[{"type": "Microsoft.EventGrid/namespaces/clients", "name": "c"},\n{"caCertificates": []}]`
  const { rules, remarks } = topicSpaces(text, { file: 'a.json' }).list
  assert.deepEqual(rules, [])
  assert.deepEqual(remarks, [
    { file: 'a.json', line: 1, text: 'passed over: a resource of another type' },
    { file: 'a.json', line: 2, text: 'passed over: caCertificates' },
  ])
  assert.deepEqual(topicSpaces('').list.rules, [])
})

test('all mistakes of a file are told at once, with their places', () => {
  const text = `clientGroups:
  - name: area1
    query: attributes.area == "1"
  - { name: $all, query: name = "x" }
topicSpace: []
topicSpaces:
  - name: one
    topicTemplates: [a+, '\${x', '\${client.nam}', '\${client.name|a/b}', 'a/#/b']
    subscriptionSupport: Low
  - { name: a b, topicTemplate: x/# }
  - { name: one, topicTemplates: [] }
  - { name: one, topicTemplates: [x] }
permissionBindings:
  - { clientGroupName: area2, topicSpaceName: two, permission: Publishr }
  - { clientGroupName: area2, topicSpaceName: On, permission: Publisher }
`
  assert.deepEqual(mistakesOf(readTopicSpaces({ fanoutChecks: false }), text), [
    'spaces.yaml:3:12: the query of client group "area1", character 18: a text in quotes or a whole number must stand here',
    'spaces.yaml:4:13: "$all" has every client, and cannot be defined',
    'spaces.yaml:8:22: the topic template "a+" has a+: + and # stand alone',
    `spaces.yaml:8:26: the topic template "\${x" has \${ without }`,
    `spaces.yaml:8:33: the topic template "\${client.nam}" has \${client.nam}, which stands for nothing, did you mean "client.name"?`,
    `spaces.yaml:8:50: the topic template "\${client.name|a/b}" has \${client.name|a/b}: behind | there may be no + # or /`,
    'spaces.yaml:8:72: the topic template "a/#/b" has # before its last level',
    'spaces.yaml:9:26: "subscriptionSupport" must be one of "NotSupported", "LowFanout", "HighFanout", not "Low"',
    'spaces.yaml:10:5: needs "topicTemplates"',
    'spaces.yaml:10:13: "a b" cannot be the name of a topic space: it has letters, digits, - . and _ only',
    'spaces.yaml:10:33: "topicTemplate" is not a property, did you mean "topicTemplates"?',
    'spaces.yaml:11:34: "topicTemplates" needs at least one',
    'spaces.yaml:12:5: the topic space "one" is there already, at spaces.yaml:7',
    'spaces.yaml:14:64: "permission" must be one of "Publisher", "Subscriber", not "Publishr", did you mean "Publisher"?',
    'spaces.yaml:15:24: there is no client group "area2", did you mean "area1"?',
    'spaces.yaml:15:47: there is no topic space "On", did you mean "one"?',
  ])
})

test('what is no file of resources is told apart', () => {
  const read = readTopicSpaces({ fanoutChecks: false })
  const cases: [string, string, string][] = [
    ['a.json', '{"a": [1,]}', 'a.json:1:10: a JSON value must stand here'],
    ['a.json', '[\n  {"name": "x" "query": ""}]', 'a.json:2:16: a comma or } must stand here'],
    ['a.json', '[{"name": "x', 'a.json:1:11: this text does not end'],
    ['a.json', '[{"name": "\\x"}]', 'a.json:1:11: this is not valid JSON'],
    ['a.json', '[{"name": 1, "name": 2}]', 'a.json:1:14: this name is given twice'],
    ['a.json', '['.repeat(100_000), 'a.json:1:66: too deeply nested'],
    ['a.json', '[', 'a.json:1:2: the file breaks off'],
    ['a.json', '[5]', 'a.json:1:2: must be a section with the properties of a resource'],
    ['a.yaml', 'just text', 'a.yaml:1:1: must be a resource, a list of them, or sections'],
    ['a.yaml', 'a: 1\na: 2', 'a.yaml:2:1: this name is given twice'],
    ['a.yaml', '['.repeat(70) + ']'.repeat(70), 'a.yaml:1:66: too deeply nested'],
    [
      'a.yaml',
      `a: "${'x'.repeat(140_000)}"`,
      'a.yaml:1:1: the file is larger than 128 KiB: write it as JSON, with a name that ends with .json',
    ],
    [
      'a.yaml',
      'name: x\npermision: y',
      'a.yaml:1:1: is no client group (with "query"), topic space ("topicTemplates") or permission binding ("permission")',
    ],
  ]
  for (const [file, text, expected] of cases)
    assert.deepEqual(mistakesOf(read, text, file), [expected], text.slice(0, 50))
})

test('a file that breaks off is the only mistake, whatever seems to be missing then', () => {
  const binding = { clientGroupName: 'cars', topicSpaceName: 'roads', permission: 'Publisher' }
  const read = readTopicSpaces({ fanoutChecks: false })
  const text = JSON.stringify({ permissionBindings: [binding], clientGroups: [{ name: 'cars', query: 'name = "a"' }] })
  assert.deepEqual(mistakesOf(read, text.slice(0, -3), 'a.json'), [
    `a.json:1:${text.length - 2}: a comma or } must stand here`,
  ])
  assert.equal(mistakesOf(read, text, 'a.json').length, 1)
})

test('only lists that are sections have resources', () => {
  const space = { name: 'one', topicTemplates: ['a'] }
  const outputs = topicSpaces(JSON.stringify({ outputs: { value: [{}] }, topicSpaces: [space] }), { file: 'a.json' })
  assert.deepEqual(outputs.list.rules, [])
  const read = readTopicSpaces({ fanoutChecks: false })
  assert.deepEqual(mistakesOf(read, JSON.stringify({ clientGroups: { value: [space] } }), 'a.json').length, 1)
  assert.deepEqual(mistakesOf(read, `[${JSON.stringify(space)}]\n[]`, 'a.json'), [
    'a.json:1:1: must be a section with the properties of a resource',
    'a.json:2:1: must be a section with the properties of a resource',
  ])
})

test('a file that is deeper than the parser can go is a mistake', () => {
  const [mistake = ''] = mistakesOf(readTopicSpaces({ fanoutChecks: false }), '['.repeat(100_000))
  assert.match(mistake, /too deeply nested$/)
})

test('aliases cannot make a short file large', () => {
  const lines = Array.from(
    { length: 30 },
    (_, index) => `a${index}: &a${index} [${`*a${index - 1},`.repeat(index === 0 ? 0 : 9)}]`,
  )
  const [mistake = ''] = mistakesOf(readTopicSpaces({ fanoutChecks: false }), lines.join('\n'))
  assert.match(mistake, /more than 100 aliases$/)
})

test('with fan-out checks, spaces that can be subscribed to have no topic in common', () => {
  const clash = (one: string, other: string, support = 'LowFanout') =>
    mistakesOf(
      readTopicSpaces({ fanoutChecks: true }),
      JSON.stringify({
        topicSpaces: [
          { name: 'one', topicTemplates: [one], subscriptionSupport: 'HighFanout' },
          { name: 'two', topicTemplates: [other], subscriptionSupport: support },
        ],
      }),
      'a.json',
    )
  const overlapping: [string, string][] = [
    ['a/b', 'a/b'],
    ['a/#', 'a'],
    ['a', 'a/#'],
    ['#', 'a/b'],
    ['a/b', '#'],
    ['+/b', 'a/+'],
    [`a/\${client.name}`, 'a/x'],
    ['a/x', `a/m-\${client.name}`],
    ['a/+/c/#', 'a/b/#'],
    ['+', '#'],
    ['/+', '+/'],
    ['$SYS/+', '$SYS/#'],
  ]
  const apart: [string, string][] = [
    ['a/b', 'a/c'],
    ['a/+', 'a'],
    ['a/+/c', 'a/b/d/#'],
    ['#', '$SYS/a'],
    ['$SYS/a', '+/a'],
    ['$SYS/#', '#'],
    ['a/+/b', `a/\${client.name}/c`],
  ]
  for (const [one, other] of overlapping) {
    assert.equal(clash(one, other).length, 1, `${one} ${other}`)
    assert.equal(clash(one, other, 'NotSupported').length, 0, 'what nobody can subscribe to may overlap')
  }
  for (const [one, other] of apart) assert.deepEqual(clash(one, other), [], `${one} ${other}`)
  assert.deepEqual(clash(`a/\${client.name}/#`, 'a/+/b'), [
    `a.json:1:139: the topic template "a/+/b" of topic space "two" overlaps with "a/\${client.name}/#" of topic space "one": they may not while both can be subscribed to`,
  ])
})

test('with fan-out checks, nobody subscribes to a space that does not support it', () => {
  const text = JSON.stringify({
    topicSpaces: [{ name: 'one', topicTemplates: ['a'], subscriptionSupport: 'NotSupported' }],
    permissionBindings: [{ clientGroupName: '$all', topicSpaceName: 'one', permission: 'Subscriber' }],
  })
  assert.ok(topicSpaces(text).allows(subjectOf('a'), 'subscribe', 'a'))
  const strict = topicSpaces(text, { fanoutChecks: true })
  assert.ok(!strict.allows(subjectOf('a'), 'subscribe', 'a'))
  assert.equal(
    strict.list.remarks[0]?.text,
    'client group "$all" is Subscriber of topic space "one", which says NotSupported: nobody can subscribe to it',
  )
})

test('thousands of spaces are compared with each other, and as many bindings read', () => {
  const names = Array.from({ length: 4_000 }, (_, index) => `s${index}`)
  const topicSpaces = names.map((name) => ({
    name,
    topicTemplates: [`${name}/+/x`, `+/${name}/y`],
    subscriptionSupport: 'LowFanout',
  }))
  const permissionBindings = names.map((topicSpaceName) => ({
    clientGroupName: '$all',
    topicSpaceName,
    permission: 'Publisher',
  }))
  const read = readTopicSpaces({ fanoutChecks: true })
  const text = JSON.stringify({ topicSpaces, permissionBindings })
  assert.equal(read(new Map([['a.json', text]])).rules.length, 4_000)
  assert.equal(mistakesOf(read, text.replaceAll('/y"', '/#"'), 'a.json').length, 20)
})
