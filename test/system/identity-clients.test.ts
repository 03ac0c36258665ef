import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connectAsync, type IClientOptions } from 'mqtt'
import { audience, issuer, Signer } from '../unit/authn/token-kit.ts'
import { Folder, installed, type Outcome, Program, run } from './cli-kit.ts'
import { patient, Site } from './identity-kit.ts'

// The clients people have, with a broker that made its certificate itself and certificates from `petaltail ca`.
const python = fileURLToPath(new URL('../../node_modules/.cache/petaltail-peers/bin/python', import.meta.url))
const script = fileURLToPath(new URL('identity-paho.py', import.meta.url))
const paho = existsSync(python) ? false : 'the Paho client is not installed (npm run peers)'
const mosquitto = installed('mosquitto_pub') === null ? 'mosquitto_pub is not installed' : false
const signer = new Signer()
let site: Site

before(async () => {
  site = await Site.open({
    config: (at, write) => {
      const tls = { client_certificate: 'request' }
      return {
        authentication: patient,
        ca: { path: at('ca') },
        authenticators: [
          { token: { issuers: [issuer], audiences: [audience], keys: { files: [write('issuer.pem', signer.pem)] } } },
          { certificate: {} },
        ],
        listeners: [
          { url: 'mqtts://127.0.0.1:0', tls },
          { url: 'wss://127.0.0.1:0/mqtt', tls },
        ],
      }
    },
  })
  const out = ['--dir', site.at('ca'), '--out', site.folder.path]
  assert.equal((await run(['ca', 'issue', 'client', 'pump-7', ...out])).code, 0)
})

after(() => site[Symbol.asyncDispose]())

const token = () => {
  const exp = Math.floor(Date.now() / 1_000) + 600
  return signer.token({ iss: issuer, aud: audience, sub: 'tom', exp })
}

async function finish(program: string, given: readonly string[]): Promise<Outcome & { readonly text: string }> {
  await using running = new Program(program, given, { timeout: 60_000 })
  const outcome = await running.ended
  return { ...outcome, text: `${outcome.stdout}${outcome.stderr}` }
}

/** Who the client of this identifier was known as, last. */
async function knownAs(clientId: string): Promise<readonly unknown[]> {
  await site.logged((line) => line.msg === 'client connected' && line.clientId === clientId)
  const line = site.lines().findLast(({ msg, clientId: id }) => msg === 'client connected' && id === clientId)
  return [line?.identity, line?.method]
}

test('mosquitto_pub and mosquitto_sub with --cafile, --cert and --key, in each version', {
  skip: mosquitto,
}, async () => {
  const where = ['-h', 'localhost', '-p', String(site.port()), '--cafile', site.at('ca/bundle.pem')]
  const shown = ['--cert', site.at('pump-7.pem'), '--key', site.at('pump-7.key')]
  for (const version of ['mqttv31', 'mqttv311', 'mqttv5']) {
    const how = [...where, ...shown, '-V', version, '-t', `mosquitto/${version}`, '-q', '1', '-i', version]
    const sent = await finish('mosquitto_pub', [...how, '-m', `by ${version}`, '-r'])
    assert.equal(sent.code, 0, sent.text)
    const got = await finish('mosquitto_sub', [...how, '-C', '1', '-W', '60'])
    assert.equal(got.text, `by ${version}\n`)
    assert.deepEqual(await knownAs(version), ['pump-7', 'certificate'])
  }
  const bare = await finish('mosquitto_pub', [...where, '-V', 'mqttv5', '-t', 'a', '-m', 'b'])
  assert.match(bare.text, /not authorized/i)
  await using folder = await Folder.open()
  assert.equal((await run(['ca', 'init', '--dir', `${folder.path}/ca`])).code, 0)
  const strange = ['-h', 'localhost', '-p', String(site.port()), '--cafile', `${folder.path}/ca/bundle.pem`]
  const distrusted = await finish('mosquitto_pub', [...strange, ...shown, '-t', 'a', '-m', 'b'])
  assert.notEqual(distrusted.code, 0)
  assert.match(distrusted.text, /certificate verify failed|TLS error/)
})

test('mosquitto_pub with a token as password', { skip: mosquitto }, async () => {
  const where = ['-h', 'localhost', '-p', String(site.port()), '--cafile', site.at('ca/bundle.pem'), '-i', 'mosquitto']
  const sent = await finish('mosquitto_pub', [...where, '-u', 'oauth2', '-P', token(), '-t', 'a', '-m', 'b', '-q', '1'])
  assert.equal(sent.code, 0, sent.text)
  assert.deepEqual(await knownAs('mosquitto'), ['tom', 'token'])
})

for (const protocolVersion of [4, 5] as const) {
  for (const [listener, url] of ['mqtts://localhost', 'wss://localhost'].entries()) {
    test(`MQTT.js, MQTT ${protocolVersion} over ${url}: with a certificate, and with a token`, async () => {
      const join = async (clientId: string, options: IClientOptions) => {
        const client = await connectAsync(`${url}:${site.port(listener)}/mqtt`, {
          ca: site.read('ca/bundle.pem'),
          protocolVersion,
          reconnectPeriod: 0,
          clientId,
          ...options,
        })
        await client.publishAsync('a', 'b', { qos: 1 })
        await client.endAsync()
      }
      const own = { cert: site.read('pump-7.pem'), key: site.read('pump-7.key') }
      const name = `mqtt.js ${protocolVersion} ${url}`
      await join(`${name} certificate`, own)
      assert.deepEqual(await knownAs(`${name} certificate`), ['pump-7', 'certificate'])
      await join(`${name} token`, { username: 'oauth2', password: token() })
      assert.deepEqual(await knownAs(`${name} token`), ['tom', 'token'])
      await assert.rejects(join(`${name} nothing`, {}), { code: protocolVersion === 5 ? 0x87 : 5 })
    })
  }
}

for (const [way, given, as] of [
  ['certificate', () => [site.at('pump-7.pem'), site.at('pump-7.key')], ['pump-7', 'certificate']],
  ['password', () => [token()], ['tom', 'token']],
  ['method', () => [token()], ['tom', 'token']],
] as const) {
  test(`the Paho client over TLS, by ${way}`, { skip: paho }, async () => {
    const { text } = await finish(python, [script, String(site.port()), site.at('ca/bundle.pem'), way, ...given()])
    assert.equal(text, `by ${way}\n`)
    assert.deepEqual(await knownAs(`paho-${way}`), as)
  })
}
