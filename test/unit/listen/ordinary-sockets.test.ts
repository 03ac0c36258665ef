import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { skip } from './certificates.ts'
import { next } from './kit.ts'
import { certificatesOfFile } from './tls-kit.ts'

interface Printed {
  readonly handles: boolean
  readonly ports: readonly number[]
}

const made = certificatesOfFile()
const program = fileURLToPath(new URL('echo-listeners.ts', import.meta.url))

for (const { title, flags, handles } of [
  {
    title: 'where Node lets nobody have its handles, its ordinary sockets serve',
    flags: ['--permission'],
    handles: false,
  },
  { title: 'where it does, ours serve the same', flags: [], handles: true },
])
  test(title, { skip }, async (t) => {
    const files = ['broker.crt', 'broker.key'].map((name) => made().path(name))
    const allowed = flags.length === 0 ? [] : [...flags, '--allow-fs-read=*']
    const child = spawn(process.execPath, [...allowed, program, ...files], { stdio: ['ignore', 'pipe', 'ignore'] })
    t.after(() => child.kill())
    const line = await new Promise<unknown>((resolve) => {
      child.stdout.once('data', resolve)
      child.once('exit', resolve)
    })
    const { handles: found, ports } = JSON.parse(String(line)) as Printed
    assert.equal(found, handles)

    const host = '127.0.0.1'
    const [plain = 0, proxied = 0, secure = 0] = ports
    const ca = readFileSync(made().path('ca.crt'))
    const sockets = [
      connect(plain, host),
      connect(proxied, host),
      connectTls({ port: secure, host, ca, servername: 'localhost' }),
    ]
    for (const socket of sockets) t.after(() => socket.destroy())
    sockets[1]?.write('PROXY TCP4 192.0.2.1 192.0.2.2 4000 5000\r\n')
    for (const socket of sockets) {
      socket.write('echo')
      assert.equal(String(await next(socket, 'data')), 'echo')
    }
  })
