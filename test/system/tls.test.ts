import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { Folder, installed, makeCertificates, type Program, petaltail, run } from './cli-kit.ts'

// A broker in a process of its own whose certificate is replaced while clients are connected.
const skip = installed('openssl') === null && 'openssl is not installed'
let folder: Folder
let broker: Program
let port = ''

before(async () => {
  if (skip !== false) return
  folder = await Folder.open()
  makeCertificates(folder.path)
  makeCertificates(await folder.make('new'))
  const tls = `{ certificate: ${at('cert.pem')}, key: ${at('key.pem')} }`
  const file = await folder.write('petaltail.yaml', `listeners: [{ url: 'mqtts://127.0.0.1:0', tls: ${tls} }]\n`)
  broker = petaltail(['start', '--config', file, '--store', 'memory'], { timeout: 0 })
  port = (await broker.prints(/mqtts:\/\/127\.0\.0\.1:([1-9]\d*)/))[1] ?? ''
})

after(async () => {
  if (skip !== false) return
  await broker[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

function at(name: string): string {
  return join(folder.path, name)
}

function place(authority: string): string[] {
  return ['-h', 'localhost', '-p', port, '--cafile', at(authority)]
}

/** The fingerprint of the certificate a new client is shown. */
async function shown(): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256
  socket.destroy()
  return fingerprint
}

test('a certificate that is replaced is shown to new clients, and connected ones stay', { skip }, async () => {
  await using subscriber = petaltail(['sub', ...place('ca.pem'), '-t', 'live', '-C', '2'])
  // The first message is retained, so it does not matter which of the two is there first.
  assert.equal((await run(['pub', ...place('ca.pem'), '-t', 'live', '-m', 'before', '-r'])).code, 0)
  await subscriber.prints(/before/)
  const old = await shown()
  await copyFile(at('new/cert.pem'), at('cert.pem'))
  await copyFile(at('new/key.pem'), at('key.pem'))
  broker.signal('SIGHUP')
  await broker.prints(/TLS files reloaded/)
  assert.notEqual(await shown(), old)
  assert.equal((await run(['pub', ...place('new/ca.pem'), '-t', 'live', '-m', 'after'])).code, 0)
  const { code, stdout } = await subscriber.ended
  assert.deepEqual([code, stdout.toString()], [0, 'before\nafter\n'])
})

test('a file that cannot be used changes nothing, and the log says which it is', { skip }, async () => {
  const whole = await readFile(at('cert.pem'))
  const before = await shown()
  await writeFile(at('cert.pem'), whole.subarray(0, 100))
  broker.signal('SIGHUP')
  const [line = ''] = await broker.prints(/TLS files cannot be used.*/)
  assert.match(line, /cert\.pem/)
  assert.equal(await shown(), before)
  await writeFile(at('cert.pem'), whole)
})
