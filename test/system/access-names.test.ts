import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { v5 } from '../kit/packets.ts'
import { called, type Dialect, dialects, openSite } from './access-kit.ts'
import { notAuthorized, type Site } from './identity-kit.ts'

// Names that would mean something else if a rule put them into a topic filter without looking.
interface Case {
  /** Rules by which each client may use what is below `own/NAME/`. */
  readonly text: string
  /** The variable is the client identifier, not the name that was proved. */
  readonly byClientId?: boolean
}

const cases: Readonly<Record<string, readonly Case[]>> = {
  'Mosquitto ACL': [
    { text: 'pattern readwrite own/%u/#\n' },
    { text: 'pattern readwrite own/%c/#\n', byClientId: true },
  ],
  'ordered rules': [{ text: 'rules:\n - {access: ReadWrite, client: All, topic: {pattern: "own/{%client%}/#"}}\n' }],
  rules: [
    { text: 'rules:\n  - {allow: [publish, subscribe], topic: "own/{user}/#"}\n' },
    { text: 'rules:\n  - {allow: [publish, subscribe], topic: "own/{client}/#"}\n', byClientId: true },
    { text: 'rules:\n  - {allow: [publish, subscribe], topic: "own/{attributes.area}/#"}\n' },
    { text: 'rules:\n  - {allow: [publish, subscribe], topic: "own/{group}/#"}\n' },
  ],
  'topic spaces': ['authenticationName', 'attributes.area'].map((variable) => ({
    text: `clientGroups: []
topicSpaces:
  - {name: own, topicTemplates: ["own/\${client.${variable}}/#"]}
permissionBindings:
  - {clientGroupName: $all, topicSpaceName: own, permission: Publisher}
  - {clientGroupName: $all, topicSpaceName: own, permission: Subscriber}
`,
  })),
  'role patterns': [
    { text: 'acl:\n  - {name: device, authorize_publish: ["own/:id/#"], authorize_subscribe: ["own/:id/#"]}\n' },
  ],
}

/** Not even a topic of their own. */
const widening = ['+', '#', 'a/b', 'a/#', '+/+', '/', 'a+', '#b']
/** Good for what is theirs. */
const plain = [
  'a',
  '__proto__',
  'constructor',
  '$SYS',
  '%u',
  '{user}',
  '$' + '{client.name}',
  ':id',
  '..',
  'é',
  'e\u0301',
  'аnn',
  ' a ',
]

for (const dialect of dialects) {
  for (const each of cases[dialect.name] ?? []) {
    const variable = /own\/(.*?)\/#/.exec(each.text)?.[1] ?? ''
    describe(`${dialect.name} with ${variable}`, () => {
      let site: Site
      before(async () => {
        site = await openSite(dialect, each.text)
      })
      after(() => site[Symbol.asyncDispose]())

      const join = (name: string) => {
        const claims = { roles: ['device'], groups: [name], area: name }
        return site.join(
          each.byClientId ? { ...called('x', claims), clientId: name } : { ...called(name, claims), clientId: 'x' },
        )
      }

      test('a name with a wildcard or a slash in it gives nothing at all', async () => {
        for (const name of widening) {
          const client = await join(name)
          const filters = [
            `own/${name}/#`,
            `own/${name}/x`,
            'own/+/x',
            'own/#',
            'own/a/#',
            'own/a/b/#',
            'own//#',
          ].filter(isFilter)
          client.send(v5.subscribe({ filters }))
          await client.expect('suback', { codes: filters.map(() => notAuthorized) })
          for (const topic of ['own/a/x', 'own/a/b/x', 'own/a/b', 'own//x', 'own///x']) {
            client.send(v5.publish({ topic, qos: 1 }))
            await client.expect('puback', { code: notAuthorized })
          }
          await client.disconnect()
        }
      })

      test('a name stands for itself and no other, however alike they look', async () => {
        for (const name of plain) {
          const client = await join(name)
          const others = plain.filter((other) => other !== name)
          const filters = [`own/${name}/#`, `own/${name}/+/x`, `own/${name}`].map((filter) => ({
            filter,
            noLocal: true,
          }))
          const refused = ['own/+/#', 'own/#', '#', ...others.map((other) => `own/${other}/#`)]
          client.send(v5.subscribe({ filters: [...filters, ...refused] }))
          await client.expect('suback', { codes: [...filters.map(() => 0), ...refused.map(() => notAuthorized)] })
          for (const topic of [name, ...others]) {
            client.send(v5.publish({ topic: `own/${topic}/x`, qos: 1 }))
            await client.expect('puback', { code: topic === name ? 0x10 : notAuthorized })
          }
          await client.disconnect()
        }
      })
    })
  }
}

test('every way to write rules that knows variables is here', () => {
  assert.deepEqual(Object.keys(cases).sort(), dialects.map(({ name }: Dialect) => name).sort())
})

function isFilter(text: string): boolean {
  return text.split('/').every((level, index, levels) => {
    if (level === '#') return index === levels.length - 1
    return level === '+' || !/[+#]/.test(level)
  })
}
