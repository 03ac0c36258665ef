import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formContract } from '../../../src/authn/http/http-form.ts'
import { Reason } from '../../../src/packet/reason.ts'
import { fc } from '../../kit/fast-check.ts'
import { status, WebServer } from '../../kit/web-server.ts'
import { Bench, credentials } from './http-kit.ts'

test('user name, password and client identifier are posted as a form', async () => {
  await using server = new WebServer(status(200))
  await using bench = new Bench({ url: await server.url(), contract: 'form' })
  const fields = { username: 'u&=+ é\r\nX: 1', clientId: 'c%00', password: Buffer.from('p w\0&password=x') }
  const identity = await bench.identity(fields)
  assert.deepEqual(identity, { name: fields.username, method: 'http' })
  const [seen] = server.seen
  assert.equal(seen?.headers['content-type'], 'application/x-www-form-urlencoded')
  assert.deepEqual(
    [...new URLSearchParams(seen?.body)],
    [
      ['username', fields.username],
      ['password', 'p w\0&password=x'],
      ['clientid', 'c%00'],
    ],
  )
})

test('a form carries every byte of a password', () => {
  const { question } = formContract({ body: 'form', reply: 'status' })
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const asked = question({ who: credentials({ password: all }), method: null, data: null })
  assert.ok('body' in asked)
  const field = /password=([^&]*)/.exec(asked.body.toString())?.[1] ?? ''
  const bytes = field
    .replaceAll('+', '%20')
    .replace(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(String(hex), 16)))
  assert.deepEqual(Buffer.from(bytes, 'latin1'), all)
})

test('a form is read back as it was meant, whatever the names are', () => {
  const { question } = formContract({ body: 'form', reply: 'status' })
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (username, clientId) => {
      const asked = question({ who: credentials({ username, clientId }), method: null, data: null })
      assert.ok('body' in asked)
      const read = Object.fromEntries(new URLSearchParams(asked.body.toString()))
      assert.deepEqual(read, { username, password: 'secret', clientid: clientId })
    }),
    { numRuns: 500 },
  )
})

test('the three may go out as JSON', async () => {
  await using server = new WebServer(status(200))
  await using bench = new Bench({ url: await server.url(), contract: 'form', body: 'json' })
  await bench.identity({ username: '"', password: Buffer.from('\ufeff\0é') })
  assert.equal(server.seen[0]?.headers['content-type'], 'application/json')
  const body: unknown = JSON.parse(server.seen[0]?.body ?? '')
  assert.deepEqual(body, { username: '"', password: '\ufeff\0é', clientid: 'c1' })
})

test('a password that is not UTF-8 is refused rather than changed to go out as JSON', async () => {
  await using server = new WebServer(status(200))
  await using bench = new Bench({ url: await server.url(), contract: 'form', body: 'json' })
  for (const password of [Buffer.from([255]), Buffer.from([0xed, 0xa0, 0x80])])
    assert.equal((await bench.denial({ password })).reason, Reason.BadUserNameOrPassword)
  assert.equal(server.seen.length, 0)
})

test('200 and 204 let in, 4xx refuse the client, everything else is no answer', async () => {
  await using server = new WebServer(status(200))
  await using bench = new Bench({ url: await server.url(), contract: 'form', breaker: { failures: 1_000 } })
  const outcome = async (code: number) => {
    server.reply = status(code)
    const found = await bench.ask()
    return typeof found === 'object' && 'reason' in found ? found.reason : found
  }
  for (const code of [200, 204]) assert.ok(typeof (await outcome(code)) === 'object', String(code))
  for (const code of [400, 401, 403, 404, 410, 413, 422])
    assert.equal(await outcome(code), Reason.NotAuthorized, String(code))
  for (const code of [201, 202, 206, 301, 302, 304, 307, 405, 407, 408, 415, 425, 429, 500, 501, 502, 503, 504, 599])
    assert.equal(await outcome(code), Reason.ServerUnavailable, String(code))
})

test('a reply in JSON must say that it is ok', () => {
  const { decision } = formContract({ body: 'form', reply: 'json' })
  const kind = (body: string, code = 200) =>
    decision({ who: credentials(), method: null, data: null }, code, Buffer.from(body), 0).kind
  for (const body of ['{"ok":true}', '{"Ok":true,"Error":""}', ' {"ok": true} ']) assert.equal(kind(body), 'allowed')
  for (const body of ['{"ok":false}', '{"Ok":false,"Error":"no"}', '{"ok":false,"Ok":true}'])
    assert.equal(kind(body), 'denied')
  for (const body of ['', 'ok', 'true', '[true]', '{}', '{"ok":"true"}', '{"ok":1}', '{"ok":null}', '{"ok":true'])
    assert.equal(kind(body), 'none', body)
  assert.equal(kind('{"ok":true}', 401), 'denied')
  assert.equal(kind('{"ok":true}', 204), 'none')
})

test('a reply in text must be ok', () => {
  const { decision } = formContract({ body: 'form', reply: 'text' })
  const kind = (body: string) =>
    decision({ who: credentials(), method: null, data: null }, 200, Buffer.from(body), 0).kind
  for (const body of ['ok', 'ok\n', '\ufeffok']) assert.equal(kind(body), 'allowed')
  for (const body of ['', 'OK', 'not ok', 'okay', 'ok ok', 'ok\0', '"ok"']) assert.equal(kind(body), 'denied', body)
})

test('a client without a user name is nobody, even if the server lets it in', async () => {
  await using server = new WebServer(status(200))
  await using bench = new Bench({ url: await server.url(), contract: 'form' })
  for (const username of [null, '']) assert.equal((await bench.denial({ username })).reason, Reason.NotAuthorized)
})
