import { createHash } from 'node:crypto'

/** A filter or topic of over so many bytes is cut there in the key and followed by the SHA-256 of the whole. */
const longestKey = 1_000

export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt32BE(number)
  return key
}

export function blockKey(block: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(block, 0, 6)
  return key
}

export function receivedKey(number: number, packetId: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUInt32BE(number)
  key.writeUInt16BE(packetId, 4)
  return key
}

export function subscriptionKey(number: number, filter: string): Buffer {
  return Buffer.concat([numberKey(number), shortened(Buffer.from(filter))])
}

/** Levels are divided by 0, so that what is below a topic follows it, and nothing comes in between. */
export function retainedKey(topic: string): Buffer {
  const key = Buffer.from(topic)
  for (let at = 0; at < key.length; at++) if (key[at] === slash) key[at] = 0
  return shortened(key)
}

const slash = 0x2f

function shortened(key: Buffer): Buffer {
  if (key.length <= longestKey) return key
  return Buffer.concat([key.subarray(0, longestKey), createHash('sha256').update(key).digest()])
}
