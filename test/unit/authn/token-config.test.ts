import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathText } from '../../../src/config/names.ts'
import { checkToken, keyUrlMistake } from '../../../src/config/token-check.ts'
import { type Json, tokenOptions } from './token-kit.ts'

const good = { jwksUrl: 'https://a.example/keys' }

function mistakes(section: Json): string[] {
  return checkToken(tokenOptions({ keys: good, ...section })).map(({ path, message }) => `${pathText(path)} ${message}`)
}

test('a section needs keys, issuers and audiences, and has safe defaults for the rest', () => {
  assert.deepEqual(mistakes({}), [])
  const { userName, methods, clockSkew, name, recheck, algorithms, keys } = tokenOptions({ keys: good })
  assert.deepEqual([userName, methods, clockSkew, name, recheck], ['oauth2', ['OAUTH2-JWT'], 30, 'sub', false])
  assert.ok(!algorithms.some((algorithm) => /^HS|none/i.test(algorithm)))
  assert.equal(keys.allowHttp, false)
})

test('the keys come from exactly one place', () => {
  const all = 'discovery, jwks_url, jwks_file and files'
  assert.deepEqual(mistakes({ keys: {} }), [`keys needs one of ${all}`])
  assert.deepEqual(mistakes({ keys: { ...good, files: ['a.pem'] } }), [`keys needs only one of ${all}`])
  assert.deepEqual(mistakes({ keys: { files: ['a.pem', 'b.pem'] } }), [])
  assert.deepEqual(mistakes({ keys: { jwksFile: 'a', ca: 'b' } }), ['keys.ca is for discovery and jwks_url only'])
})

test('issuers and audiences are named, or it is said that any will do, but not both', () => {
  assert.deepEqual(mistakes({ issuers: [] }), ['issuers needs at least one, or say any_issuer: true'])
  assert.deepEqual(mistakes({ issuers: [], keys: { discovery: 'https://a.example' } }), [])
  assert.deepEqual(mistakes({ issuers: [], anyIssuer: true }), [])
  assert.deepEqual(mistakes({ anyIssuer: true }), ['any_issuer makes no sense with issuers'])
  assert.deepEqual(mistakes({ audiences: [] }), ['audiences needs at least one, or say any_audience: true'])
  assert.deepEqual(mistakes({ anyAudience: true }), ['any_audience makes no sense with audiences'])
})

test('tokens are taken one way or the other', () => {
  assert.deepEqual(mistakes({ password: false }), [])
  assert.deepEqual(mistakes({ methods: [] }), [])
  assert.match(mistakes({ password: false, methods: [] }).join(), /^methods needs at least one/)
})

test('what is no path of a claim is found, with its place', () => {
  const section = {
    name: 'a..b',
    roles: ['a', 'https://a.example/roles'],
    groups: ['"https://a.example/groups"', '"a'],
    requiredClaims: ['a b'],
    attributes: [{ name: 'a.b' }, { name: 'c', claim: '.c' }],
  }
  const places = ['name', 'roles[1]', 'groups[1]', 'required_claims[0]', 'attributes[1]']
  const found = mistakes(section)
  assert.deepEqual(
    found.map((line) => line.split(' ')[0]),
    places,
  )
  assert.match(found[0] ?? '', /must be the path of a claim, such as a\.b, with quotes/)
})

test('keys come over https, or over http from this machine', () => {
  const good = [
    'https://a.example/x?y=z',
    'http://127.0.0.1:8080/',
    'http://127.9.9.9/',
    'http://[::1]/',
    'http://localhost:1/',
  ]
  for (const url of good) assert.equal(keyUrlMistake(url, false), null, url)
  const plain = ['http://a.example/', 'http://127.0.0.1.a.example/', 'http://10.0.0.1/', 'http://localhost.a.example/']
  for (const url of plain) {
    assert.match(keyUrlMistake(url, false) ?? '', /over http anybody/, url)
    assert.equal(keyUrlMistake(url, true), null, url)
  }
  const bad = [
    '',
    'a.example',
    'ftp://a.example/',
    'file:///a',
    'data:,x',
    'https://u:p@a.example/',
    'https://u@a.example/',
    'https://a.example/#x',
  ]
  for (const url of bad) assert.notEqual(keyUrlMistake(url, true), null, url)
  assert.deepEqual(mistakes({ keys: { discovery: 'https://a.example/?x' } }), [
    'keys.discovery must not have a ? in it',
  ])
})
