import type { IPublishPacket } from 'mqtt'

/** One received message and when it came. */
export interface Received {
  readonly topic: string
  readonly payload: Buffer
  readonly packet: IPublishPacket
  /** Milliseconds since 1970, with a fraction. */
  readonly time: number
}
