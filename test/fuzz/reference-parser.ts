import { generate, type Packet, parser } from 'mqtt-packet'
import type { Version } from '../../src/packet/types.ts'

/** One packet as mqtt-packet understands it, or null when it refuses, throws or wants more bytes. */
export function referenceParse(version: Version, bytes: Buffer): Packet | null {
  const found: Packet[] = []
  let refused = false
  const reference = parser({ protocolVersion: version })
  reference.on('packet', (packet) => found.push(packet))
  reference.on('error', () => {
    refused = true
  })
  try {
    reference.parse(bytes)
  } catch {
    return null
  }
  const [packet] = found
  return refused || packet === undefined ? null : packet
}

/** True when mqtt-packet writes what it read in the very same bytes: then it overlooked nothing. */
export function isFaithful(version: Version, packet: Packet, bytes: Buffer): boolean {
  try {
    return generate(packet, { protocolVersion: version }).equals(bytes)
  } catch {
    return false
  }
}
