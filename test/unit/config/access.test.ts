import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { accessSourceName, filesOf, subscriptionsOf } from '../../../src/config/access-sources.ts'
import type { AccessConfig } from '../../../src/config/schema.ts'
import { load, mistakes } from './kit.ts'

function access(text: string): AccessConfig {
  const { access: section } = load(`access: ${text}`)
  if (section === undefined) throw new Error('no section')
  return section
}

function mistake(text: string): string {
  return mistakes(`access: ${text}`).join('\n')
}

test('without the section there are no rules, and an empty one denies everything', () => {
  equal(load('').access, undefined)
  const { otherwise, sources } = access('{}')
  deepEqual({ otherwise, sources }, { otherwise: 'deny', sources: [] })
})

test('a source is called by its name, its file, its service or its kind', () => {
  const { sources } = access(`
  sources:
    - rules: rules.yaml
    - { name: mine, mosquitto_acl: { file: acl.txt } }
    - topic_spaces: { files: [a.json, b.json] }
    - permissions:
    - http: https://example.org/acl?key=hidden
`)
  deepEqual(sources.map(accessSourceName), ['rules.yaml', 'mine', 'a.json', 'permissions', 'https://example.org/acl'])
  deepEqual(sources.map(filesOf), [['rules.yaml'], ['acl.txt'], ['a.json', 'b.json'], [], []])
})

test('a source has exactly one section', () => {
  const kinds = 'rules, mosquitto_acl, ordered_rules, topic_spaces, role_patterns, permissions, http'
  equal(
    mistake('{ sources: [{ name: x }] }'),
    `broker.yaml:1:21: access.sources[0] needs exactly one of the sections ${kinds}, not none`,
  )
  match(mistake('{ sources: [{ rules: a, mosquitto_acl: b }] }'), /, not rules and mosquitto_acl$/)
  match(mistake('{ sources: [{ rule: a }] }'), /unknown option "rule".*rules/)
})

test('any subscription is accepted where all is said as Mosquitto says it, else what is allowed as a whole', () => {
  const acl = '{ mosquitto_acl: acl.txt }'
  equal(subscriptionsOf(access(`{ sources: [${acl}, ${acl}] }`)), 'any')
  equal(subscriptionsOf(access(`{ sources: [${acl}, { rules: rules.yaml }] }`)), 'contained')
  equal(subscriptionsOf(access('{}')), 'contained')
  equal(subscriptionsOf(access(`{ subscriptions: overlapping, sources: [${acl}] }`)), 'overlapping')
})

test('a service is asked over https, and over http on this machine only', () => {
  const ask = (url: string, more = '') => mistake(`{ sources: [{ http: { url: '${url}'${more} } }] }`)
  equal(ask('https://example.org/acl'), '')
  equal(ask('http://127.0.0.1/acl'), '')
  equal(ask('http://example.org/acl', ', allow_http: true'), '')
  match(ask('http://example.org/acl'), /sources\[0\]\.http\.url must be an https:\/\/ URL: over http anybody/)
  match(ask('https://u:p@example.org/'), /must not have a user name or password in it/)
  match(ask('http://127.0.0.1/', ', ca: ca.pem'), /http\.ca is for https:\/\/ URLs only/)
  match(ask('https://example.org/', ', key: key.pem'), /http\.key makes sense with certificate and key only/)
  match(ask('https://example.org/', ', headers: [{ name: Host, file: f }]'), /headers\[0\]\.name must not be Host/)
})

test('what belongs to one contract is not taken for the other', () => {
  const ask = (more: string) => mistake(`{ sources: [{ http: { url: 'https://example.org/', ${more} } }] }`)
  match(ask('body: json'), /http\.body is for contract: form only/)
  match(ask('reply: text'), /http\.reply is for contract: form only/)
  match(ask('contract: form, actions: [connect, publish]'), /http\.actions cannot have connect/)
  match(ask('actions: [receive]'), /actions\[0\] must be "connect", .* not "receive"/)
  match(ask('actions: []'), /actions must not be empty/)
})
