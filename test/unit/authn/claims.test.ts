import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClaimIdentity } from '../../../src/authn/token/claims-identity.ts'
import { claimAt, claimPath, quoted } from '../../../src/authn/token/claims-path.ts'
import { type Json, tokenOptions } from './token-kit.ts'

function identity(section: Json, claims: Json) {
  return new ClaimIdentity(tokenOptions(section)).of(claims, 1)
}

test('a path leads into nested claims, and quotes keep the dots of a name', () => {
  const claims = {
    realm_access: { roles: ['device'] },
    resource_access: { 'my.client': { roles: ['reader'] } },
    'https://example.org/groups': ['pumps'],
    'cognito:groups': ['valves'],
  }
  assert.deepEqual(claimAt(claims, claimPath('realm_access.roles')), ['device'])
  assert.deepEqual(claimAt(claims, claimPath('resource_access."my.client".roles')), ['reader'])
  assert.deepEqual(claimAt(claims, claimPath('"https://example.org/groups"')), ['pumps'])
  assert.deepEqual(claimAt(claims, claimPath('cognito:groups')), ['valves'])
})

test('a path leads to nothing where the token says nothing', () => {
  const claims: Json = {
    a: { b: 1 },
    list: [{ b: 1 }],
    text: 'abc',
    nothing: null,
    ['__proto__']: { x: 1 },
  }
  for (const path of [
    'b',
    'a.c',
    'a.b.c',
    'list.0',
    'list.length',
    'text.length',
    'nothing.a',
    'constructor',
    'a.__proto__',
    'toString.name',
  ])
    assert.equal(claimAt(claims, claimPath(path)), undefined, path)
})

test('the name comes from the claim that is configured, also when it is a number', () => {
  const named = (claims: Json) => identity({ name: 'device.id' }, claims)
  assert.deepEqual(named({ device: { id: 42 } }), {
    name: '42',
    method: 'token',
    attributes: {},
    roles: [],
    groups: [],
    expiresAt: 1,
  })
  assert.equal(named({ sub: 'x' }), 'has no name for the client in the claim device.id')
})

test('a name may have signs that mean something in topics and queries', () => {
  const found = identity({}, { sub: 'a+b/#%\' OR "1"' })
  assert.ok(typeof found === 'object')
  assert.equal(found.name, 'a+b/#%\' OR "1"')
})

test('roles and groups are lists or texts with spaces, from several claims, each once', () => {
  const section = { roles: ['realm_access.roles', 'scope', 'missing', 'empty'], groups: ['groups'] }
  const claims = {
    sub: 'x',
    realm_access: { roles: ['Sensor Admin', 'reader'] },
    scope: 'reader  writer',
    groups: 'one',
    empty: null,
  }
  const found = identity(section, claims)
  assert.ok(typeof found === 'object')
  assert.deepEqual(found.roles, ['Sensor Admin', 'reader', 'writer'])
  assert.deepEqual(found.groups, ['one'])
})

test('roles that are something else, or too much, are a reason to refuse', () => {
  const refused = (roles: unknown) => identity({ roles: ['roles'] }, { sub: 'x', roles })
  assert.equal(refused({ admin: true }), 'has a claim roles that is neither a text nor a list of texts')
  assert.equal(refused(['a', 1]), 'has a claim roles that is neither a text nor a list of texts')
  assert.equal(refused(true), 'has a claim roles that is neither a text nor a list of texts')
  assert.equal(refused(['a\nb']), 'has "a\\nb" in the claim roles, which cannot be a name')
  assert.equal(refused(Array.from({ length: 257 }, (_, index) => `r${index}`)), 'has more than 256 roles or groups')
})

test('attributes are taken from the claims named for them', () => {
  const attributes = ['floor', { name: 'site', claim: 'location.site' }, 'a.b', 'missing']
  const claims = { sub: 'x', floor: 5, location: { site: 'north' }, 'a.b': ['c'], other: 'left out' }
  const found = identity(
    {
      attributes: [
        { name: 'floor' },
        ...attributes.slice(1).map((entry) => (typeof entry === 'string' ? { name: entry } : entry)),
      ],
    },
    claims,
  )
  assert.ok(typeof found === 'object')
  assert.deepEqual(found.attributes, { floor: 5, site: 'north', 'a.b': ['c'] })
})

test('all other claims become attributes if that is asked for: texts, whole numbers of 32 bits and lists of texts', () => {
  const kept = { type: 'vehicle', floor: -2_147_483_648, sensors: ['motion', 'heat'], none: [] }
  const registered = { iss: 'i', sub: 'x', aud: 'a', exp: 1, nbf: 1, iat: 1, jti: 'j' }
  const passed = {
    ratio: 1.5,
    large: 2_147_483_648,
    huge: 1e300,
    yes: true,
    nothing: null,
    object: {},
    numbers: [1],
    mixed: ['a', 1],
  }
  const found = identity({ otherClaims: true }, { ...registered, ...kept, ...passed, ['__proto__']: 'x' })
  assert.ok(typeof found === 'object')
  assert.deepEqual(found.attributes, kept)
})

test('an attribute that was named wins over a claim of that name', () => {
  const found = identity(
    { otherClaims: true, attributes: [{ name: 'type', claim: 'real.type' }] },
    { sub: 'x', type: 'car', real: { type: 'bus' } },
  )
  assert.ok(typeof found === 'object')
  assert.deepEqual(found.attributes, { type: 'bus' })
})

test('more attributes than there may be are a reason to refuse', () => {
  const claims = { sub: 'x', a: 'ü'.repeat(2_047) }
  assert.ok(typeof identity({ otherClaims: true }, claims) === 'object')
  assert.equal(identity({ otherClaims: true }, { ...claims, b: ['x'] }), 'has 4097 bytes of attributes, more than 4096')
})

test('a value of a token is short and has no line end when it is quoted', () => {
  assert.equal(quoted('a\nb'), '"a\\nb"')
  assert.equal(quoted(undefined), 'nothing')
  assert.equal(quoted('x'.repeat(500)).length, 121)
})
