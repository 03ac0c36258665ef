/** The protocol level byte of CONNECT: 3 is MQTT 3.1, 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
export type Version = 3 | 4 | 5

/** Quality of service [MQTT 4.3]. */
export type Qos = 0 | 1 | 2

/** MQTT control packet types [MQTT 2.1.2]: the high nibble of the first byte. */
export const PacketType = {
  Connect: 1,
  Connack: 2,
  Publish: 3,
  Puback: 4,
  Pubrec: 5,
  Pubrel: 6,
  Pubcomp: 7,
  Subscribe: 8,
  Suback: 9,
  Unsubscribe: 10,
  Unsuback: 11,
  Pingreq: 12,
  Pingresp: 13,
  Disconnect: 14,
  Auth: 15,
} as const

export type PacketType = (typeof PacketType)[keyof typeof PacketType]

/** The types of packets that are kept as four bits each, the last lowest, in words. */
export function lastPacketTypes(types: number): readonly string[] {
  const names: string[] = []
  for (let shift = 28; shift >= 0; shift -= 4) {
    const name = typeNames[(types >>> shift) & 0x0f]
    if (name !== undefined) names.push(name)
  }
  return names
}

const typeNames: readonly (string | undefined)[] = [
  undefined,
  ...Object.keys(PacketType).map((name) => name.toUpperCase()),
]
