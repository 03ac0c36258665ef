import { deepStrictEqual } from 'node:assert/strict'
import type { PacketOf, ServerPacket, ServerPacketType } from './decode.ts'
import type { Properties, PropertyName } from './properties.ts'

/** The fields a packet must have; payload may be text. */
export type Expected<T extends ServerPacketType> = {
  readonly [K in Exclude<keyof PacketOf<T>, 'bytes' | 'type' | 'payload' | 'properties'>]?: PacketOf<T>[K]
} & {
  readonly payload?: string | Uint8Array
  readonly properties?: { readonly [N in PropertyName]?: Properties[N] | undefined }
}

export function isOf<T extends ServerPacketType>(packet: ServerPacket, type: T): packet is PacketOf<T> {
  return packet.type === type
}

/** Throws at the first field that differs. */
export function compare(packet: ServerPacket, fields: object): void {
  for (const [name, wanted] of Object.entries(fields)) {
    const got: unknown = Object.entries(packet).find(([key]) => key === name)?.[1]
    if (name === 'properties') compareProperties(packet.properties, wanted)
    else if (name === 'payload' && Buffer.isBuffer(got)) comparePayload(got, wanted)
    else deepStrictEqual(got, wanted, `${name} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
  }
}

function compareProperties(properties: Properties, wanted: unknown): void {
  if (typeof wanted !== 'object' || wanted === null) return
  const found = new Map<string, unknown>(Object.entries(properties))
  for (const [name, value] of Object.entries(wanted)) {
    const got = found.get(name)
    deepStrictEqual(got, value, `property ${name} is ${JSON.stringify(got)}, not ${JSON.stringify(value)}`)
  }
}

function comparePayload(got: Buffer, wanted: unknown): void {
  const bytes = typeof wanted === 'string' ? Buffer.from(wanted) : wanted
  if (!(bytes instanceof Uint8Array) || !got.equals(bytes)) {
    throw new Error(
      `the payload is ${JSON.stringify(got.toString().slice(0, 80))}, not ${JSON.stringify(String(wanted).slice(0, 80))}`,
    )
  }
}
