import { Acknowledgement, decodeAcknowledgement } from '../packet/decode.ts'
import { Reason } from '../packet/reason.ts'
import { PacketType } from '../packet/types.ts'
import type { Connection } from './connection.ts'
import type { Delivery } from './inflight.ts'
import type { Session } from './session.ts'

const packet = new Acknowledgement()

/** Serves PUBACK, PUBREC, PUBREL and PUBCOMP [MQTT 4.3]. */
export function acknowledged(
  connection: Connection,
  session: Session,
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const wrong = decodeAcknowledgement(
    type,
    bytes,
    start,
    end,
    connection.version,
    connection.core.settings.maximumUserProperties,
    packet,
  )
  if (wrong !== 0) return connection.fail(wrong, 'an acknowledgement')
  if (type === PacketType.Pubrel) return released(connection, session, packet.packetId)
  const delivery = session.underWay(packet.packetId)
  if (type === PacketType.Pubrec) return received(connection, session, delivery)
  if (delivery === null) return
  if (type === PacketType.Puback ? delivery.qos !== 1 : delivery.qos !== 2 || !delivery.released) {
    return connection.fail(Reason.ProtocolError, `the wrong acknowledgement for packet identifier ${packet.packetId}`)
  }
  session.settle(delivery)
}

/** PUBREC: the client has the message [MQTT-4.3.3-4]. For one unknown here the client is told to let go of it. */
function received(connection: Connection, session: Session, delivery: Delivery | null): void {
  if (delivery === null) {
    if (packet.reason < 0x80)
      connection.outbox.acknowledge(PacketType.Pubrel, packet.packetId, Reason.PacketIdentifierNotFound, null)
    return
  }
  if (delivery.qos !== 2)
    return connection.fail(Reason.ProtocolError, `PUBREC for a QoS 1 message, packet identifier ${packet.packetId}`)
  if (packet.reason >= 0x80) return session.settle(delivery) // [MQTT-4.4.0-2]
  const staged = session.release(delivery)
  connection.answer(PacketType.Pubrel, packet.packetId, Reason.Success, null, staged)
}

/** PUBREL: the packet identifier is free again [MQTT-4.3.3-12]. */
function released(connection: Connection, session: Session, packetId: number): void {
  const serial = session.received?.get(packetId)
  session.received?.delete(packetId)
  if (serial === connection.serial) connection.unreleased--
  const reason = serial === undefined ? Reason.PacketIdentifierNotFound : Reason.Success
  connection.answer(PacketType.Pubcomp, packetId, reason, null, session.kept)
}
