import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { welcome } from '../../../src/cli/welcome.ts'
import { loadConfig } from '../../../src/config/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'petaltail-welcome-'))
after(() => rmSync(folder, { recursive: true }))

function said(...urls: string[]): string {
  return welcome('1.2.3', loadConfig({}), urls, 'petaltail')
}

test('a broker on loopback is called safe, one for everybody is not', () => {
  assert.match(said('mqtt://127.0.0.1:1883', 'unix:/a'), /^Safe: only programs on this machine/m)
  assert.match(said('mqtt://[::]:1883'), /^NOT SAFE: other machines can connect.*mqtt:\/\/\[::\]:1883$/m)
  assert.match(said('mqtt://[::]:1883'), /^NOT SAFE: what they send can be read/m)
  assert.doesNotMatch(said('mqtts://[::]:8883'), /can be read/)
})

test('the commands to try reach the broker where it is', () => {
  assert.match(said('mqtt://127.0.0.1:1883'), /petaltail sub -t/)
  assert.match(said('mqtt://127.0.0.1:7'), /petaltail sub -p 7 -t/)
  assert.match(said('mqtt://[::1]:1883'), /petaltail sub -h ::1 -t/)
  assert.match(said('unix:/run/a'), /petaltail sub --unix \/run\/a -t/)
  assert.match(said('ws://127.0.0.1:8083/mqtt'), /petaltail sub -L ws:\/\/127\.0\.0\.1:8083\/mqtt -t/)
})

test('the commands to try prove who one is as the listener asks for it', () => {
  const authenticators = '[{ password: { file: users } }, { certificate: {} }]'
  const withListener = (rules: string) => {
    const file = join(folder, 'config.yaml')
    writeFileSync(file, `listeners: [{ url: "mqtts://*:8883", ${rules} }]\nauthenticators: ${authenticators}\n`)
    return welcome('1.2.3', loadConfig({ file }), ['mqtts://[::]:8883'], 'petaltail')
  }
  const where = 'sub -L mqtts://localhost:8883 --cafile ca/bundle.pem'
  const certificate = '--cert NAME.pem --key NAME.key'
  const password = '-u NAME -P PASSWORD'
  assert.ok(withListener('authenticators: [password]').includes(`${where} ${password} -t`))
  assert.ok(withListener('authenticators: [certificate]').includes(`${where} ${certificate} -t`))
  assert.ok(withListener('tls: { client_certificate: request }').includes(`${where} ${password} -t`))
  assert.ok(withListener('tls: { client_certificate: require }').includes(`${where} ${certificate} -t`))
  const both = 'authenticators: [password], tls: { client_certificate: require }'
  assert.ok(withListener(both).includes(`${where} ${certificate} ${password} -t`))
  assert.ok(withListener('tls: { certificate: broker.pem, key: broker.key }').includes(`localhost:8883 ${password} -t`))
})
