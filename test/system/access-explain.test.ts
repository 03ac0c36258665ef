import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { WatchedFiles } from '../../src/base/watched-files.ts'
import { presumeClient } from '../../src/cli/explain-client.ts'
import { answerOf } from '../../src/cli/explain-request.ts'
import { loadConfig } from '../../src/config/load.ts'
import { v5 } from '../kit/packets.ts'
import type { WireClient } from '../kit/wire-client.ts'
import { called, type Dialect, dialects, openSite } from './access-kit.ts'
import { run } from './cli-kit.ts'
import { notAuthorized, type Site } from './identity-kit.ts'

// What `petaltail explain` says is what the broker then does.
const texts: Readonly<Record<string, string>> = {
  'Mosquitto ACL': `topic read c/#
pattern readwrite own/%u/#
pattern read a/%c
user ann
topic readwrite a/#
topic deny a/b/#
topic read $x/#
user bob
topic write +/b
topic read #
topic deny own/#
user admin
topic write #
`,
  'ordered rules': `rules:
 - {access: Deny, client: {pattern: 'a.*'}, topic: {specific: a/b/#}}
 - {access: Write, client: {specific: admin}, topic: All}
 - {access: ReadWrite, client: All, topic: {pattern: 'own/{%client%}/#'}}
 - {access: Read, client: {pattern: '(ann|bob)'}, topic: {specific: 'a/#'}}
 - {access: Write, client: {specific: bob}, topic: {specific: '+/b'}}
 - {access: Deny, client: {specific: bob}, topic: All}
 - {access: Read, client: All, topic: {specific: 'c/#'}}
 - {access: Read, client: {specific: cat}, topic: {specific: '$x/#'}}
`,
  rules: `rules:
  - {deny: [publish, subscribe], topics: [a/b/#], user: ann}
  - {allow: publish, user: admin, topic: '#'}
  - {allow: [publish, subscribe], topic: 'own/{user}/#'}
  - {allow: publish, topic: a/+, role: writer, qos: 1}
  - {deny: publish, topic: 'c/#', retain: true}
  - {allow: publish, topic: 'c/#', attributes: {area: north}}
  - {allow: subscribe, topic: 'c/{client}/+'}
  - {deny: receive, topic: 'a/c', user: bob}
  - {allow: subscribe, topic: 'a/#', unless: {role: writer}}
`,
  'topic spaces': `clientGroups:
  - {name: north, query: "attributes.area = 'north'"}
  - {name: admins, query: "name = 'admin'"}
topicSpaces:
  - {name: all, topicTemplates: ["#"]}
  - {name: own, topicTemplates: ["own/\${client.authenticationName}/#"]}
  - {name: some, topicTemplates: ["a/+", "c/#"]}
permissionBindings:
  - {clientGroupName: admins, topicSpaceName: all, permission: Publisher}
  - {clientGroupName: $all, topicSpaceName: own, permission: Publisher}
  - {clientGroupName: $all, topicSpaceName: own, permission: Subscriber}
  - {clientGroupName: north, topicSpaceName: some, permission: Subscriber}
  - {clientGroupName: north, topicSpaceName: some, permission: Publisher}
`,
  'role patterns': `acl:
  - {name: admin, authorize_publish: ['#']}
  - {name: writer, authorize_publish: ['a/+', 'c/#'], authorize_subscribe: ['own/:id/#']}
  - {name: reader, authorize_subscribe: ['a/#', '+/b', '$x/#']}
`,
}

const clients = [
  ['ann', { roles: ['writer'], area: 'north' }],
  ['bob', { roles: ['reader'], area: 'south' }],
  ['cat', { roles: ['reader', 'writer'], area: 'north' }],
  ['dan', { roles: [] }],
] as const

const count = 40
const topics = Array.from({ length: count }, (_, index) => spun(index, ['a', 'b', 'c', 'own', 'ann', 'bob', 'cat', '']))
const filters = Array.from({ length: count }, (_, index) =>
  spun(index + 7, ['a', 'b', 'c', 'own', 'ann', '+', '+', '#']),
)

/** One to four words, the same in every run. */
function spun(index: number, words: readonly string[]): string {
  const numbers = Array.from({ length: 5 }, (_, place) => Math.imul(index * 31 + place * 7 + 1, 0x9e3779b1) >>> 20)
  const [length = 0, ...picks] = numbers
  const levels = picks.slice(0, 1 + (length % 4)).map((pick) => words[pick % words.length] ?? '')
  if (length % 11 === 0) levels[0] = '$x'
  const end = levels.indexOf('#')
  const text = (end < 0 ? levels : levels.slice(0, end + 1)).join('/')
  return text === '' ? 'a' : text
}

for (const dialect of dialects) {
  describe(dialect.name, () => {
    test('every message and subscription is answered as explained', async () => {
      await using site = await openSite(dialect, texts[dialect.name] ?? assert.fail())
      for (const [name, claims] of clients) {
        const fields = called(name, claims)
        const explained = await explainer(site, fields)
        const client = await site.join(fields)
        for (const [index, topic] of topics.entries()) {
          const qos = index % 3 === 0 ? 2 : 1
          const retain = index % 5 === 0
          client.send(v5.publish({ topic, qos, id: 1, retain }))
          const { code } = await client.expect(qos === 1 ? 'puback' : 'pubrec')
          if (qos === 2 && code !== notAuthorized) await release(client)
          const allowed = await explained('publish', topic, qos, retain)
          assert.equal(code !== notAuthorized, allowed, `${name} publishes ${topic} with QoS ${qos}, retain ${retain}`)
        }
        const asked = filters.map((filter, index) => ({ filter, qos: index % 3, retainHandling: 2 }))
        client.send(v5.subscribe({ filters: asked }))
        const { codes } = await client.expect('suback')
        for (const [index, { filter, qos }] of asked.entries()) {
          const allowed = await explained('subscribe', filter, qos, false)
          assert.equal(codes[index] !== notAuthorized, allowed, `${name} subscribes to ${filter}`)
        }
        await client.disconnect()
        for (const topic of topics.slice(0, 5)) {
          const { code } = await site.knock({ ...fields, will: { topic } })
          assert.equal(code === 0, await explained('will', topic, 0, false), `${name} has a will to ${topic}`)
        }
      }
    })

    test('every delivery is as explained', async () => {
      await using site = await openSite(dialect, texts[dialect.name] ?? assert.fail(), {}, { subscriptions: 'any' })
      const writer = await site.join(called('admin'))
      const open = topics.filter((topic) => !topic.startsWith('$'))
      for (const [name, claims] of clients) {
        const fields = called(name, claims)
        const explained = await explainer(site, fields)
        const client = await site.join(fields)
        await client.subscribe('#')
        for (const topic of open) writer.send(v5.publish({ topic, qos: 1, payload: topic }))
        for (const _ of open) await writer.expect('puback', { id: 1 })
        const got = new Set((await client.drain()).map((packet) => packet.type === 'publish' && packet.topic))
        for (const topic of open)
          assert.equal(got.has(topic), await explained('receive', topic, 0, false), `${name} receives ${topic}`)
        await client.disconnect()
      }
    })
  })
}

for (const dialect of dialects.filter(({ name }) => name === 'rules' || name === 'role patterns')) {
  test(`the command says so, too, and names the rule as the broker does: ${dialect.name}`, async () => {
    await using site = await openSite(dialect, texts[dialect.name] ?? assert.fail())
    const { password = '' } = called('ann', { roles: ['writer'], area: 'north' })
    const config = ['--config', site.at('petaltail.yaml'), '--client', 'ann', '--token', String(password)]
    const allowed = await run(['explain', ...config, 'publish', ownTopic(dialect)])
    assert.equal(allowed.code, 0, allowed.text + allowed.stderr)
    assert.match(allowed.text, new RegExp(`${dialect.file}:\\d+`))
    const denied = await run(['explain', ...config, 'publish', 'nowhere'])
    assert.equal(denied.code, 1, denied.text + denied.stderr)
  })
}

function ownTopic({ name }: Dialect): string {
  return name === 'role patterns' ? 'a/x' : 'own/ann/x'
}

/** Asks what the command does, with the configuration of a broker. */
async function explainer(site: Site, { clientId, password = '' }: ReturnType<typeof called>) {
  const config = loadConfig({ file: site.at('petaltail.yaml') })
  const options = { client: clientId, token: String(password), role: [], group: [], attribute: [] }
  const files = new WatchedFiles()
  const who = await presumeClient(options, config, { clock: systemClock(), files })
  files.close()
  return async (action: string, topic: string, level: number, retain: boolean): Promise<boolean> => {
    const qos = level === 0 ? 0 : level === 1 ? 1 : 2
    return (await answerOf({ action, topic, qos, retain }, who, config)).allowed
  }
}

async function release(client: WireClient): Promise<void> {
  client.send(v5.pubrel(1))
  await client.expect('pubcomp')
}
