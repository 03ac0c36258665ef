import type { Qos } from '../packet/types.ts'

/**
 * Every byte the store keeps. All numbers are big-endian; `sum` is explained in sums.ts, keys are in keys.ts.
 *
 *     table             key                        value
 *     meta              name                       `position`: position f64, wall-clock milliseconds f64, sum;
 *                                                  `layout`: version u32, sum
 *     sessions          number u32                 options u8, expiry interval u32, left at f64, principal behind its length,
 *                                                  which is a variable byte integer, client identifier, sum
 *     subscriptions     number u32, filter         options u8, identifier u32, filter, sum
 *     wills             number u32                 options u8, delay u32, expiry interval i32, due at f64, five pieces (client
 *                                                  identifier, topic, properties, payload, actor) each behind its length u32, sum
 *     received          number u32, packet id u16  sum
 *     blocks            block u48                  messages and their receivers, see block.ts, sum
 *     acknowledgements  block u48                  several values: (place u16 with what happened in its upper two bits, and
 *                                                  behind `sent` the packet id u16)*, sum
 *     retained          topic, its `/` as 0        see retained-record.ts, sum
 *
 * A later version may change all of it but the two entries of `meta`: they say which version it is.
 */
export const layoutVersion = 1

export const Table = {
  Meta: 0,
  Sessions: 1,
  Subscriptions: 2,
  Wills: 3,
  Received: 4,
  Blocks: 5,
  Acknowledgements: 6,
  Retained: 7,
} as const
export type Table = (typeof Table)[keyof typeof Table]

export const tableNames = [
  'meta',
  'sessions',
  'subscriptions',
  'wills',
  'received',
  'blocks',
  'acknowledgements',
  'retained',
] as const

/** What happened to one receiver's copy, in the order in which it does. */
export const Step = { Sent: 1, Released: 2, Settled: 3 } as const
export type Step = (typeof Step)[keyof typeof Step]

/** The QoS in the lowest bits of options. */
export function qosOf(options: number): Qos {
  const qos = options & 3
  return qos === 0 ? 0 : qos === 1 ? 1 : 2
}
