import assert from 'node:assert/strict'
import { packetSize } from '../../kit/decode.ts'
import { type Packets, v4 } from '../../kit/packets.ts'
import { WireClient } from '../../kit/wire-client.ts'
import type { BrokerProcess } from './broker-process.ts'
import { payloadOf } from './payload.ts'
import type { TraceEvent } from './trace.ts'

// One publisher, so that what the store holds must be what it published up to some point, all of it and no more. Its
// operations are numbered from 1, and the number is the packet identifier.

export const operations = 160
const window = 10
const keptTopics = 3

/** Every fourth operation sets a retained message or clears one, the others go to the subscribers. */
function isKept(number: number): boolean {
  return number % 4 === 0
}

function publishOf(number: number): Buffer {
  if (!isKept(number))
    return v4.publish({ topic: 'torn', qos: 1 + (number % 2), id: number, payload: payloadOf('torn', number) })
  const payload = number % 12 === 0 ? '' : `${number}`
  return v4.publish({ topic: `keep/${(number / 4) % keptTopics}`, qos: 1, id: number, retain: true, payload })
}

/** What is retained under each topic after so many operations. */
export function keptAfter(count: number): ReadonlyMap<string, string> {
  const kept = new Map<string, string>()
  for (let number = 4; number <= count; number += 4) {
    const topic = `keep/${(number / 4) % keptTopics}`
    if (number % 12 === 0) kept.delete(topic)
    else kept.set(topic, `${number}`)
  }
  return kept
}

/** The numbers the subscribers get of so many operations. */
export function sentAfter(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1).filter((number) => !isKept(number))
}

export async function join(broker: BrokerProcess, clientId: string, packets: Packets = v4): Promise<WireClient> {
  const client = await WireClient.open({ host: '127.0.0.1', port: broker.port }, packets)
  client.send(packets.connect({ clientId, clean: false }))
  await client.expect('connack', { code: 0 })
  return client
}

/** Two sessions subscribe; one is away while everything is published, the other acknowledges all it gets. */
export async function work(broker: BrokerProcess): Promise<void> {
  const absent = await join(broker, 'absent')
  await absent.subscribe({ filter: 'torn', qos: 2 })
  await absent.end()
  const present = await join(broker, 'present')
  await present.subscribe({ filter: 'torn', qos: 1 })
  const reading = acknowledgeAll(present)
  const writer = await join(broker, 'writer')
  let sent = 0
  for (let settled = 0; settled < operations; ) {
    while (sent < operations && sent - settled < window) writer.send(publishOf(++sent))
    const answer = await writer.next()
    assert.ok(answer !== null && 'id' in answer, 'the broker closed the connection')
    if (answer.type === 'pubrec') writer.send(v4.pubrel(answer.id))
    else settled++
  }
  await reading
  present.destroy()
  writer.destroy()
}

async function acknowledgeAll(client: WireClient): Promise<void> {
  for (let left = sentAfter(operations).length; left > 0; left--)
    client.send(v4.puback((await client.expect('publish')).id))
}

/** One packet on the connection of a client, and the line of the trace on which it came or began to go. */
export interface TracedPacket {
  readonly line: number
  readonly bytes: Buffer
}

/** All packets the broker received from a client, or sent to it. */
export function packetsOf(
  events: readonly TraceEvent[],
  kind: 'received' | 'sent',
  clientId: string,
): readonly TracedPacket[] {
  const packets: TracedPacket[] = []
  const connect = v4.connect({ clientId, clean: false })
  const sockets = new Set<string>()
  for (const event of events) {
    if (event.kind === 'received' && event.bytes.includes(connect)) sockets.add(event.socket)
  }
  for (const socket of sockets) {
    let rest = Buffer.alloc(0)
    for (const event of events) {
      if (event.kind !== kind || event.socket !== socket) continue
      rest = Buffer.concat([rest, event.bytes])
      for (let size = packetSize(rest); size !== null && size <= rest.length; size = packetSize(rest)) {
        packets.push({ line: event.begun, bytes: rest.subarray(0, size) })
        rest = rest.subarray(size)
      }
    }
  }
  return packets
}
