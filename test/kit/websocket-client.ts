import { once } from 'node:events'
import { createWebSocketStream, WebSocket } from 'ws'
import type { Packets } from './packets.ts'
import { WireClient } from './wire-client.ts'

/** A WebSocket to the server, and the MQTT client on it: each `send` of the client is one binary frame. */
export interface WebSocketClient {
  readonly socket: WebSocket
  readonly client: WireClient
  /** One frame of our own making; `last: false` leaves the message open for more frames. */
  frame(bytes: Uint8Array | string, options?: { readonly binary?: boolean; readonly last?: boolean }): void
}

/** Opens with the subprotocols offered; rejects when the server refuses the handshake. */
export async function openWebSocket(
  url: string,
  packets: Packets,
  offered: readonly string[] = ['mqtt'],
): Promise<WebSocketClient> {
  const socket = new WebSocket(url, [...offered], { perMessageDeflate: false })
  const stream = createWebSocketStream(socket)
  stream.on('error', () => {})
  await once(socket, 'open')
  const client = new WireClient(stream, packets)
  const frame: WebSocketClient['frame'] = (bytes, { binary = true, last = true } = {}) =>
    socket.send(bytes, { binary, fin: last })
  return { socket, client, frame }
}
