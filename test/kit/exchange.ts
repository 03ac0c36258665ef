import type { PacketOf } from './decode.ts'
import type { Expected } from './expected.ts'
import type { PublishFields } from './packets.ts'
import type { WireClient } from './wire-client.ts'

/** PUBLISH and all that follows by its QoS, up to the last acknowledgement; at QoS 0 up to a PINGRESP. */
export async function publish(writer: WireClient, fields: PublishFields): Promise<void> {
  const id = fields.id ?? 1
  writer.send(writer.packets.publish({ ...fields, id: fields.qos ? id : null }))
  if (!fields.qos) return writer.expectNoMore()
  const { code } = await writer.expect(fields.qos === 1 ? 'puback' : 'pubrec', { id })
  if (code >= 0x80) throw new Error(`PUBLISH was refused with reason code ${code}`)
  if (fields.qos === 1) return
  writer.send(writer.packets.pubrel(id))
  await writer.expect('pubcomp', { id, code: 0 })
}

/** A PUBLISH from the server, acknowledged to the end by its QoS. */
export async function receive(reader: WireClient, expected: Expected<'publish'> = {}): Promise<PacketOf<'publish'>> {
  const packet = await reader.expect('publish', expected)
  await acknowledge(reader, packet)
  return packet
}

export async function acknowledge(reader: WireClient, packet: { qos: number; id: number }): Promise<void> {
  const { id } = packet
  if (packet.qos === 1) reader.send(reader.packets.puback(id))
  if (packet.qos !== 2) return
  reader.send(reader.packets.pubrec(id))
  await reader.expect('pubrel', { id, code: 0 })
  reader.send(reader.packets.pubcomp(id))
}
