import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { Authority } from '../../src/pki/authority/authority.ts'
import type { Issued } from '../../src/pki/authority/issue.ts'
import { certificatesPem, keyPem } from '../../src/pki/certificate/export-formats.ts'
import { shakeHands } from '../unit/pki/tls-kit.ts'
import { Folder } from './cli-kit.ts'

const rounds = 8
const source = (name: string) => JSON.stringify(new URL(`../../src/${name}`, import.meta.url).href)

/** Issues, revokes and rotates without end, and says what it gave out. */
const script = `
  import { systemClock } from ${source('base/clock.ts')}
  import { Authority } from ${source('pki/authority/authority.ts')}
  const authority = await Authority.open(process.argv[1], { clock: systemClock(), passphrase: null })
  for (let turn = 0; ; turn++) {
    const order = { kind: 'client', subject: { commonName: 'pump-' + turn }, days: 9 }
    const { serial } = (await authority.issue(order)).certificate.facts
    console.log('issued ' + serial)
    if (turn % 3 === 0) await authority.rotate({ root: turn % 2 === 0 })
    if (turn % 4 !== 0) continue
    await authority.revoke(serial, 'superseded')
    console.log('revoked ' + serial)
  }`

/** What a process said before it was killed, in the midst of anything. */
async function killedAtWork(directory: string, milliseconds: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, directory])
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  try {
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    await delay(milliseconds)
  } finally {
    child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return said.split('\n').slice(0, -1)
}

async function side({ certificate, chain, privateKey }: Issued, authority: Authority) {
  assert.ok(privateKey !== null)
  const cert = certificatesPem([certificate, ...chain].map(({ der }) => der))
  return { cert, key: await keyPem(privateKey, null), ca: certificatesPem(authority.trusted.map(({ der }) => der)) }
}

test('a process that is killed at work leaves an authority that knows all it gave out, and works', async () => {
  await using folder = await Folder.open()
  const directory = join(folder.path, 'ca')
  const context = { clock: systemClock(), passphrase: null }
  await Authority.create(directory, { name: 'Example' }, context)
  for (let round = 0; round < rounds; round++) {
    const said = await killedAtWork(directory, round * 12)
    assert.ok(said.length > 0)
    const authority = await Authority.open(directory, context)
    for (const line of said) {
      const [what, serial = ''] = line.split(' ')
      const [known] = authority.find(serial)
      assert.ok(known !== undefined && (what === 'issued' || known.revoked !== null), line)
    }
    await authority.refreshCrl()
    const client = await authority.issue({ kind: 'client', subject: { commonName: 'check' }, days: 9 })
    const server = await authority.issue({ kind: 'server', subject: { commonName: 'localhost' }, days: 9 })
    assert.equal(await shakeHands(await side(server, authority), await side(client, authority)), null)
    assert.equal(existsSync(join(directory, '.next')), false)
  }
})
