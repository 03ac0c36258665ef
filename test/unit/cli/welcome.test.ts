import assert from 'node:assert/strict'
import { test } from 'node:test'
import { welcome } from '../../../src/cli/welcome.ts'
import { loadConfig } from '../../../src/config/load.ts'

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
