import { varint } from '../kit/bytes.ts'
import { type Edit, edited, editKinds } from './edit.ts'
import type { Random } from './random.ts'
import { validSession } from './valid-session.ts'

/** What one hostile client does: what it sends, in which pieces, whether it reads, and how it leaves. */
export interface Assault {
  readonly pieces: readonly Buffer[]
  readonly reads: boolean
  /** Turns of the event loop between the pieces. */
  readonly pace: number
  readonly leaves: 'end' | 'destroy' | 'stays'
}

/** A valid session, damaged in up to four ways. One in eight is left as it is: valid clients come and go, too. */
export function assault(random: Random): Assault {
  let packets = validSession(random)
  if (!random.once(8)) for (let count = 1 + random.below(4); count > 0; count--) packets = damaged(random, packets)
  return {
    pieces: split(random, Buffer.concat(packets)),
    reads: !random.once(8),
    pace: random.pick([0, 0, 0, 1, 3]),
    leaves: random.pick(['end', 'destroy', 'stays']),
  }
}

function damaged(random: Random, packets: readonly Buffer[]): Buffer[] {
  // The CONNECT packet stays whole more often than not: behind it is most of the broker.
  const index =
    packets.length > 1 && !random.once(4) ? 1 + random.below(packets.length - 1) : random.below(packets.length || 1)
  const packet = packets[index] ?? Buffer.alloc(0)
  const before = packets.slice(0, index)
  const after = packets.slice(index + 1)
  switch (random.below(10)) {
    case 0:
      return [...before, edited(packet, edits(random)), ...after]
    case 1:
    case 2:
    case 3:
      return [...before, inside(random, packet), ...after]
    case 4:
      return [...before, withLength(random, packet), ...after]
    case 5:
      return [...before, packet, packet, ...after]
    case 6:
      return [...before, ...after.slice(0, 1), packet, ...after.slice(1)]
    case 7: {
      const other = validSession(random)
      return [...before, ...other.slice(random.below(2)), packet, ...after]
    }
    case 8:
      return [...before, packet.subarray(0, random.below(packet.length + 1)), ...(random.once(2) ? after : [])]
    default:
      return [...before, random.bytes(random.below(40)), packet, ...after]
  }
}

/** Damage behind the fixed header, with a length that fits: it gets past the framer. */
function inside(random: Random, packet: Buffer): Buffer {
  const at = headerOf(packet)
  const body = edited(packet.subarray(at), edits(random))
  return Buffer.concat([packet.subarray(0, 1), varint(body.length), body])
}

/** A Remaining Length that is a little off, or far off. */
function withLength(random: Random, packet: Buffer): Buffer {
  const at = headerOf(packet)
  const length = packet.length - at
  const lie = random.pick([length + 1, Math.max(0, length - 1), length + random.below(300), random.below(268_435_456)])
  return Buffer.concat([packet.subarray(0, 1), varint(lie, random.once(5) ? 5 : 0), packet.subarray(at)])
}

function headerOf(packet: Buffer): number {
  let at = 1
  while (at < packet.length && at < 5 && packet.readUInt8(at) > 0x7f) at++
  return Math.min(at + 1, packet.length)
}

function edits(random: Random): Edit[] {
  return Array.from({ length: 1 + random.below(3) }, () => ({
    kind: random.pick(editKinds),
    at: random.below(400),
    count: random.below(16),
    value: random.below(256),
  }))
}

/** Whole, byte by byte if it is not long, or cut anywhere. */
function split(random: Random, stream: Buffer): Buffer[] {
  if (random.once(3)) return [stream]
  if (stream.length < 120 && random.once(3)) return [...stream].map((byte) => Buffer.from([byte]))
  const pieces: Buffer[] = []
  for (let at = 0; at < stream.length; ) {
    const end = at + 1 + random.below(random.once(3) ? 4 : 200)
    pieces.push(stream.subarray(at, end))
    at = end
  }
  return pieces
}
