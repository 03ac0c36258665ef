import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { v4, v5 } from '../kit/packets.ts'
import { WebServer } from '../kit/web-server.ts'
import { cheapHash } from '../unit/authn/password-kit.ts'
import { audience, issuer, Signer } from '../unit/authn/token-kit.ts'
import { badUserNameOrPassword, Pki, patient, Site, versions } from './identity-kit.ts'

// Names that mean something elsewhere: to topics, to patterns, to logs, to readers.
const odd = [
  '+',
  'x#',
  '/',
  'a/b',
  '%c',
  '%u',
  '$SYS',
  '*',
  'a*',
  '{name}',
  '{',
  '}',
  'a b',
  '"a"',
  "a'b",
  'a\\b',
  'a,b=c',
]
const lookAlikes = ['ann', 'Ann', 'ａnn', 'аnn', 'ann\u200b', 'e\u0301va', '\u00e9va', 'ﬁn', 'fin']
const names = [...odd, ...lookAlikes]
const refusedClientId = 0x85

const pki = new Pki()
const signer = new Signer()
let site: Site
let web: WebServer

before(async () => {
  const users = await Promise.all(names.map(async (name) => ({ name, password: await cheapHash(`of ${name}`) })))
  web = new WebServer((_seen, response) => response.end('{"decision":"allow"}'))
  const url = await web.url()
  site = await Site.open({
    config: (_at, write) => {
      const tls = pki.section(write, { client_certificate: 'require' })
      const host = '127.0.0.1:0'
      return {
        authentication: { ...patient, client_ids: ['{name}', '{name}-*'] },
        authenticators: [
          { password: { file: write('users.yaml', JSON.stringify({ users })) } },
          { token: { issuers: [issuer], audiences: [audience], keys: { files: [write('issuer.pem', signer.pem)] } } },
          { http: url },
          { certificate: {} },
        ],
        listeners: [
          { url: `mqtt://${host}`, authenticators: ['password', 'token'] },
          { url: `mqtt://${host}`, authenticators: ['http'] },
          { url: `mqtts://${host}`, tls, authenticators: ['certificate'] },
        ],
      }
    },
  })
})

after(async () => {
  await site[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

/** Four ways to be somebody of a name, and the code that refuses another client identifier. */
function waysOf(name: string) {
  const exp = Math.floor(Date.now() / 1_000) + 600
  const token = signer.token({ iss: issuer, aud: audience, sub: name, exp })
  return {
    password: [{ username: name, password: `of ${name}` }, {}],
    token: [{ username: 'oauth2', password: token }, {}],
    http: [{ username: name, password: 'any' }, { listener: 1 }],
    certificate: [{}, { listener: 2, tls: pki.showing(pki.issue(name)) }],
  } as const
}

test('a name with special characters is that name, however it was proved', async () => {
  for (const name of names) {
    for (const [method, [fields, bearing]] of Object.entries(waysOf(name))) {
      const from = site.log.length
      const { code } = await site.knock({ ...fields, clientId: name }, bearing)
      assert.equal(code, 0, `${name} by ${method}`)
      const { identity } = await site.logged(({ msg }) => msg === 'client connected', from)
      assert.equal(identity, name)
    }
  }
})

test('patterns of client identifiers are not widened by the name that is put in', async () => {
  const others = ['ann', 'anything', 'x', '-', '*', '{name}', 'a', 'ab', 'a/', '{', '+']
  for (const name of odd) {
    const [fields, bearing] = waysOf(name).password
    const codes = async (clientId: string) => (await site.knock({ ...fields, clientId }, bearing)).code
    for (const clientId of [name, `${name}-`, `${name}-*`, `${name}-{name}`, '']) assert.equal(await codes(clientId), 0)
    for (const clientId of others.filter((other) => other !== name))
      assert.equal(await codes(clientId), refusedClientId, `${name} as ${clientId}`)
  }
})

test('names that look alike, or are the same after normalisation, are different people', async () => {
  for (const name of lookAlikes) {
    for (const other of lookAlikes) {
      const login = { username: name, password: `of ${other}`, clientId: name }
      assert.equal((await site.knock(login)).code, name === other ? 0 : badUserNameOrPassword, `${name}, ${other}`)
    }
  }
})

test('NUL and what is not UTF-8 in a name are refused as malformed, and nobody is asked', async () => {
  const asked = web.seen.length
  const bad = ['a\0b', '\0', Buffer.from([0x61, 0xff]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xc0, 0x80])]
  for (const text of bad) {
    for (const packets of versions) {
      for (const fields of [
        { clientId: text, username: 'ann', password: 'of ann' },
        { clientId: 'ann', username: text, password: 'of ann' },
      ]) {
        const client = await site.client(fields, { packets, listener: 1 })
        await client.expectRefused(...(packets === v5 ? [0x81] : []))
      }
    }
  }
  const binary = { clientId: 'ann', username: 'ann', password: Buffer.from([0, 0xff, 0x61]) }
  assert.equal((await site.knock(binary)).code, badUserNameOrPassword)
  assert.equal(web.seen.length, asked)
})

test('the longest and the shortest names and passwords are answered like others', async () => {
  const long = 'x'.repeat(65_535)
  for (const [packets, bad] of [
    [v4, 4],
    [v5, badUserNameOrPassword],
  ] as const) {
    const codes = async (username: string, password: string, clientId = 'ann') =>
      (await site.knock({ username, password, clientId }, { packets })).code
    assert.equal(await codes(long, 'of ann'), bad)
    assert.equal(await codes('ann', long), bad)
    assert.equal(await codes('oauth2', long), bad)
    assert.equal(await codes(long, long), bad)
    assert.equal(await codes('', ''), bad)
    assert.equal(await codes('', 'of ann'), bad)
    assert.equal(await codes('ann', ''), bad)
    assert.equal(await codes('ann', 'of ann', long), packets === v5 ? refusedClientId : 2)
  }
  assert.equal((await site.knock({ username: long, password: long, clientId: 'a' }, { listener: 1 })).code, 0x86)
})

const injections = [
  'a\n{"level":30,"msg":"client connected","identity":"root"}',
  'a\r\n2026-11-21 16:00:00.000 INFO  client connected clientId=root',
  'a\u2028b\u2029c\u0085d\v\f',
  '\u001b[2J\u001b]0;title\u0007',
  '\u009b31m\u007f',
  '" detail="nothing',
]

for (const format of ['json', 'text']) {
  test(`a name cannot write lines of its own into the log, nor move the cursor of who reads it: ${format}`, async () => {
    await using logging = await Site.open({
      environment: { PETALTAIL_LOG_FORMAT: format },
      config: (_at, write) => ({
        authentication: patient,
        authenticators: [{ password: { file: write('users', '') } }],
        listeners: [
          { url: 'mqtt://127.0.0.1:0' },
          { url: 'mqtt://127.0.0.1:0', authenticators: [], allow_anonymous: true },
        ],
      }),
    })
    for (const text of injections) {
      await logging.knock({ username: text, password: text, clientId: 'a' })
      await logging.knock({ username: 'a', password: 'b', clientId: text })
      // Whoever is let in is logged twice: when it comes and when it goes.
      await logging.knock({ clientId: text }, { listener: 1 })
    }
    await logging.stop()
    const lines = logging.log.split('\n').slice(0, -1)
    assert.equal(lines.length, injections.length * 4, logging.log)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    const form =
      format === 'json'
        ? /^\{"level":\d+,"time":"[^"]+",.*"msg":"[^"]+"\}$/
        : /^\d{4}-\d\d-\d\d [\d:.]+ (info |warn ) [a-z]/
    for (const line of lines) assert.match(line, form)
  })
}
