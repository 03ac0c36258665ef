import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Program } from '../cli-kit.ts'
import { finish, Host } from './kit.ts'

// The Paho client for Python; what it does and expects is in paho-scenarios.py.
const python = fileURLToPath(new URL('../../../node_modules/.cache/petaltail-peers/bin/python', import.meta.url))
const script = fileURLToPath(new URL('paho-scenarios.py', import.meta.url))
const skip = !existsSync(python) && 'the Paho client is not installed (npm run peers)'

const kinds = [
  { version: '3.1', transport: 'tcp' },
  { version: '3.1.1', transport: 'tcp' },
  { version: '5', transport: 'tcp' },
  { version: '3.1.1', transport: 'websockets' },
  { version: '5', transport: 'websockets' },
] as const

const scenarios = {
  payloads: 'messages of every QoS, of 1 MiB and of nothing pass',
  retained: 'a retained message is there for later subscribers until it is cleared',
  will: 'the will of a connection that breaks is published, that of one that ends is not',
  session: 'a session goes on with its subscriptions and messages',
  shared: 'a shared subscription divides messages evenly',
  order: 'a thousand messages in flight at QoS 2 arrive once and in order',
  properties: 'the properties of a message arrive unaltered and in order',
} as const

let host: Host

before(async () => {
  host = await Host.open('mqtt://127.0.0.1:0', 'ws://127.0.0.1:0/mqtt')
})

after(() => host[Symbol.asyncDispose]())

for (const { version, transport } of kinds) {
  for (const [scenario, title] of Object.entries(scenarios)) {
    if (scenario === 'properties' && version !== '5') continue
    test(`Paho, MQTT ${version} over ${transport}: ${title}`, { skip }, async () => {
      const port = host.port(transport === 'tcp' ? 0 : 1)
      await finish(new Program(python, [script, scenario, port, transport, version], { timeout: 240_000 }))
    })
  }
}
