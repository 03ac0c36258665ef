import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '../../../src/base/errors.ts'
import { checkHttpAuthentication } from '../../../src/config/http-authentication-check.ts'
import { pathText } from '../../../src/config/names.ts'
import { Bench, httpOptions } from './http-kit.ts'

function mistakes(section: object): string[] {
  return checkHttpAuthentication(httpOptions({ url: 'https://auth.example.org/mqtt', ...section })).map(
    ({ path, message }) => `${pathText(path)} ${message}`,
  )
}

test('https URLs are taken, and http ones on this machine or where that is said', () => {
  for (const url of [
    'https://auth.example.org',
    'https://auth.example.org:8443/a?code=b',
    'http://localhost:8080/auth',
    'http://127.0.0.1/',
    'http://127.1.2.3/',
    'http://[::1]:80/',
  ])
    assert.deepEqual(mistakes({ url }), [], url)
  assert.deepEqual(mistakes({ url: 'http://10.0.0.1/', allowHttp: true }), [])
  for (const url of [
    'http://auth.example.org/',
    'http://10.0.0.1/',
    'http://localhost.example.org/',
    'http://127.0.0.1.example.org/',
    'http://[::]/',
    'http://0.0.0.0/',
    'auth.example.org',
    'ftp://localhost/',
    'unix:/run/auth.sock',
    'https://user:secret@auth.example.org/',
    'https://secret@auth.example.org/',
    'https://auth.example.org/#x',
    'https://',
    ' ',
  ])
    assert.equal(mistakes({ url }).length, 1, url)
})

test('a password in the URL is refused without being told', () => {
  const [mistake = ''] = mistakes({ url: 'https://user:secret@auth.example.org/' })
  assert.match(mistake, /^url must not have a user name or password in it/)
  assert.ok(!mistake.includes('secret'))
})

test('options of one contract are refused with the other', () => {
  assert.deepEqual(mistakes({ body: 'json', reply: 'text' }), [
    'body is for contract: form only',
    'reply is for contract: form only',
  ])
  assert.deepEqual(mistakes({ contract: 'form', body: 'json', reply: 'text' }), [])
  assert.deepEqual(mistakes({ contract: 'form', methods: ['X'] }), ['methods is for contract: webhook only'])
})

test('headers must have names that are free to be chosen, each once', () => {
  const named = (...names: string[]) => mistakes({ headers: names.map((name) => ({ name, file: 'f' })) })
  assert.deepEqual(named('Authorization', 'x-api-key'), [])
  assert.deepEqual(named('a b', 'Host', 'Content-Length', 'X', 'x', 'a:b', 'a\r\nb'), [
    'headers[0].name is no name of a header',
    'headers[1].name must not be Host',
    'headers[2].name must not be Content-Length',
    'headers[4].name is there twice: x',
    'headers[5].name is no name of a header',
    'headers[6].name is no name of a header',
  ])
})

test('certificates are for https, and one needs its key', () => {
  assert.deepEqual(mistakes({ url: 'http://localhost/', ca: 'x' }), ['ca is for https:// URLs only'])
  assert.deepEqual(mistakes({ certificate: 'x' }), ['certificate makes sense with certificate and key only'])
  assert.deepEqual(mistakes({ key: 'x' }), ['key makes sense with certificate and key only'])
  assert.deepEqual(mistakes({ certificate: 'x', key: 'y', ca: 'z' }), [])
})

test('an embedding program is told of the same mistakes', () => {
  const open = () => new Bench({ url: 'http://10.0.0.1/' })
  assert.throws(open, (error) => {
    assert.ok(error instanceof BrokerError && error.code === 'CONFIG_INVALID')
    return error.message.startsWith('http.url must be an https:// URL')
  })
})
