import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Signer } from '../unit/authn/token-kit.ts'
import { Folder, run } from './cli-kit.ts'

const configuration = `
listeners: [{ url: mqtt://127.0.0.1:0, name: inside }]
authenticators:
  - password: { file: users.yaml }
  - token: { keys: { jwks_url: https://192.0.2.1/keys }, any_issuer: true, any_audience: true }
access: { sources: [{ mosquitto_acl: { file: acl } }] }
`
const users = `users:
  - name: alice
    password: "$7$1000$b2YgMTIgYnl0ZXM6$${Buffer.alloc(64).toString('base64')}"
`
const rules = `topic read news
user alice
topic deny sensors/secret
topic readwrite sensors/#
user bob
pattern write dev/%c/state
`

/** A folder with a configuration whose files are named as they stand in it. */
async function prepared() {
  const folder = await Folder.open()
  const at = (name: string) => join(folder.path, name)
  const text = configuration.replace('users.yaml', at('users.yaml')).replace('file: acl', `file: ${at('acl')}`)
  await folder.write('broker.yaml', text)
  await folder.write('users.yaml', users)
  await folder.write('acl', rules)
  const explain = (...given: string[]) => run(['explain', '--config', at('broker.yaml'), '--client', 'p7', ...given])
  return { folder, at, explain, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('the exit code is the answer, and the rule is told with its place', async () => {
  await using place = await prepared()
  const allowed = await place.explain('--user', 'alice', 'publish', 'sensors/hall')
  assert.deepEqual([allowed.code, allowed.stderr], [0, ''])
  assert.match(allowed.text, /^allowed: the client "p7" of "alice" publishing to "sensors\/hall" with QoS 0\n/)
  assert.ok(
    allowed.text.includes(`  why         allowed by ${place.at('acl')}:4: topic readwrite sensors/#\n`),
    allowed.text,
  )
  const denied = await place.explain('--user', 'alice', 'publish', 'sensors/secret')
  assert.equal(denied.code, 1)
  assert.ok(
    denied.text.includes(`  why         denied by ${place.at('acl')}:3: topic deny sensors/secret\n`),
    denied.text,
  )
})

test('a denial that no rule decided names the rule that came nearest', async () => {
  await using place = await prepared()
  const { code, text } = await place.explain('--user', 'alice', 'publish', 'dev/p8/state')
  assert.equal(code, 1)
  assert.match(
    text,
    /nearest +\S+acl:6: pattern write dev\/%c\/state\n +for this client: dev\/p7\/state\n +did not decide: .*"p8", not "p7"/,
  )
})

test('programs get JSON', async () => {
  await using place = await prepared()
  const { code, text } = await place.explain('--user', 'alice', '--json', '--qos', '1', 'subscribe', 'sensors/#')
  const answer: unknown = JSON.parse(text)
  assert.ok(typeof answer === 'object' && answer !== null && 'allowed' in answer && 'rule' in answer)
  assert.deepEqual([code, answer.allowed], [0, true])
})

test('a token is read, is not printed, and what was not checked is said', async () => {
  await using place = await prepared()
  const token = new Signer().token({ sub: 'alice', exp: 4e9 })
  await place.folder.write('token', token)
  const outcome = await place.explain('--token-file', place.at('token'), 'publish', 'sensors/hall')
  assert.deepEqual([outcome.code, outcome.stderr], [0, ''])
  assert.match(outcome.text, /the signature of the token was not checked: the keys are at https:\/\/192\.0\.2\.1\/keys/)
  for (const part of token.split('.')) assert.ok(!outcome.text.includes(part))
  const wrong = await place.explain('--token', `${token}x`, 'publish', 'sensors/hall')
  for (const part of token.split('.')) assert.ok(!`${wrong.text}${wrong.stderr}`.includes(part))
})

test('what keeps an answer from being found is not taken for one', async () => {
  await using place = await prepared()
  const usage = await place.explain('publish')
  assert.deepEqual([usage.code, usage.text], [2, ''])
  assert.match(usage.stderr, /say which topic/)
  assert.equal((await run(['explain', 'publish', 'a'])).code, 2)
  assert.equal((await place.explain('eat', 'a')).code, 2)
  await place.folder.write('acl', 'topic reed news\n')
  const broken = await place.explain('--user', 'alice', 'publish', 'a')
  assert.deepEqual([broken.code, broken.text], [2, ''])
  assert.ok(broken.stderr.includes(`${place.at('acl')}:1:`), broken.stderr)
  const missing = await run(['explain', '--config', place.at('none.yaml'), '--client', 'p7', 'connect'])
  assert.equal(missing.code, 2)
})
