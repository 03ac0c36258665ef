import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authenticatorName, authenticatorsOf } from '../../../src/config/authenticators.ts'
import { load, mistakes } from './kit.ts'

const password = '{ password: { file: users } }'

test('an authenticator has exactly one section, and is called by it unless it has a name', () => {
  const config = load(`authenticators: [${password}, { name: x, certificate: {} }, { devices: { files: [d.yaml] } }]`)
  assert.deepEqual(config.authenticators.map(authenticatorName), ['password', 'x', 'devices'])
  assert.match(
    mistakes('authenticators: [{}]')[0] ?? '',
    /\[0\] needs exactly one of the sections password, .*, not none/,
  )
  const two = 'authenticators: [{ certificate: {}, password: { file: users } }]'
  assert.match(mistakes(two)[0] ?? '', /not password and certificate/)
})

test('two authenticators of a kind need names', () => {
  assert.match(
    mistakes(`authenticators: [${password}, ${password}]`)[0] ?? '',
    /\[1\] has the name "password" of another/,
  )
  assert.deepEqual(mistakes(`authenticators: [${password}, { name: more, password: { file: others } }]`), [])
})

test('a listener asks all authenticators in their order, or those it names in its own', () => {
  const config = load(`
authenticators: [${password}, { certificate: {} }]
listeners: [mqtt://127.0.0.1:1, { url: "mqtt://127.0.0.1:2", authenticators: [certificate, password] }]
`)
  const asked = config.listeners.map((listener) => authenticatorsOf(config, listener))
  assert.deepEqual(asked, [
    ['password', 'certificate'],
    ['certificate', 'password'],
  ])
  const wrong = `authenticators: [${password}]\nlisteners: [{ url: "mqtt://127.0.0.1:2", authenticators: [pasword] }]`
  assert.match(mistakes(wrong)[0] ?? '', /names no authenticator: "pasword".*password/)
})

test('a mistake within a section is told with its place', () => {
  const lines = mistakes('authenticators: [{ token: { issuers: [a] } }]')
  assert.match(lines.join('\n'), /authenticators\[0\]\.token\.keys needs one of/)
  assert.match(
    mistakes('authentication: { client_ids: ["{nam}"] }')[0] ?? '',
    /client_ids\[0\] may have braces in \{name\} only/,
  )
})
