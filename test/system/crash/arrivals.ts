import assert from 'node:assert/strict'
import type { Publish } from '../../kit/decode.ts'
import { compare, type Expected } from '../../kit/expected.ts'
import type { WireClient } from '../../kit/wire-client.ts'

/**
 * Takes messages as a client does that acknowledges each at once, while the next ones may be on their way. They must be
 * those expected, in their order; and then there must be no more.
 */
export async function receiveAll(
  reader: WireClient,
  expected: readonly Expected<'publish'>[],
): Promise<readonly Publish[]> {
  const arrived: Publish[] = []
  const held = new Set<number>()
  while (arrived.length < expected.length || held.size > 0) {
    const packet = await reader.next()
    assert.ok(packet !== null, `the connection was closed after ${arrived.length} of ${expected.length} messages`)
    if (packet.type === 'pubrel') {
      assert.ok(held.delete(packet.id), `PUBREL for identifier ${packet.id}`)
      reader.send(reader.packets.pubcomp(packet.id))
      continue
    }
    assert.ok(packet.type === 'publish', `${packet.type} came after ${arrived.length} of ${expected.length} messages`)
    compare(packet, expected[arrived.length] ?? assert.fail(`another message: ${packet.payload.toString()}`))
    arrived.push(packet)
    if (packet.qos === 1) reader.send(reader.packets.puback(packet.id))
    if (packet.qos === 2) reader.send(reader.packets.pubrec(packet.id))
    if (packet.qos === 2) held.add(packet.id)
  }
  await reader.expectNoMore()
  return arrived
}
