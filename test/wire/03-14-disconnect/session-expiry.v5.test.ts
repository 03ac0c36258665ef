import { test } from 'node:test'
import { receive } from '../../kit/exchange.ts'
import { v5 } from '../../kit/packets.ts'
import { fresh, useTarget } from '../../kit/target.ts'

const broker = useTarget({ fakeClock: true })

test('a Session Expiry Interval in DISCONNECT after 0 in CONNECT is a protocol error [MQTT §3.14.2.2.2]', async () => {
  for (const properties of [{}, { sessionExpiryInterval: 0 }]) {
    const topic = fresh()
    const reader = await broker.connect(v5)
    await reader.subscribe(topic)
    const client = await broker.connect(v5, { properties, will: { topic, payload: 'gone' } })
    client.send(v5.disconnect({ reason: 0, properties: { sessionExpiryInterval: 60 } }))
    await client.expectDisconnect(0x82)
    await receive(reader, { payload: 'gone' })
  }
})

test('0 in DISCONNECT after 0 in CONNECT is accepted [MQTT §3.14.2.2.2]', async () => {
  const client = await broker.connect(v5)
  client.send(v5.disconnect({ reason: 0, properties: { sessionExpiryInterval: 0 } }))
  await client.expectClosed()
})

/** Whether the session is there after `seconds`. */
async function present(clientId: string, seconds: number): Promise<boolean> {
  await broker.elapse(seconds * 1_000)
  const client = await broker.open(v5)
  client.send(v5.connect({ clientId, clean: false, properties: { sessionExpiryInterval: 0 } }))
  const { sessionPresent } = await client.expect('connack', { code: 0 })
  return sessionPresent
}

async function leave(connected: number, left: number | undefined): Promise<string> {
  const clientId = fresh()
  const client = await broker.connect(v5, { clientId, properties: { sessionExpiryInterval: connected } })
  await client.subscribe(fresh())
  const properties = left === undefined ? {} : { sessionExpiryInterval: left }
  client.send(v5.disconnect({ reason: 0, properties }))
  await client.expectClosed()
  return clientId
}

const cases: readonly (readonly [connected: number, left: number | undefined, seconds: number, there: boolean])[] = [
  [60, 0, 0, false],
  [60, 1, 3, false],
  [1, 60, 3, true],
  [60, undefined, 3, true],
  [1, undefined, 3, false],
  [60, 0xffff_ffff, 600, true],
  [0xffff_ffff, 1, 3, false],
]
for (const [connected, left, seconds, there] of cases) {
  const title = `${connected} in CONNECT, ${left ?? 'none'} in DISCONNECT: the session ${there ? 'is there' : 'is gone'} after ${seconds} s`
  test(`${title} [MQTT §3.14.2.2.2]`, broker.takes(seconds * 1_000), async () => {
    const clientId = await leave(connected, left)
    if ((await present(clientId, seconds)) !== there) throw new Error(`Session Present is ${!there}`)
  })
}
