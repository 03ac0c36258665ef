import { once } from 'node:events'
import { connect, createServer } from 'node:tls'

/** One side of a handshake: what it shows, and whom it trusts. PEM. */
export interface Side {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** A handshake in which both must prove who they are. Null when both trusted the other; else why not. */
export async function shakeHands(server: Side, client: Side): Promise<string | null> {
  const listener = createServer({ ...server, requestCert: true, rejectUnauthorized: false })
  const seen = new Promise<string | null>((resolve) => {
    listener.once('secureConnection', (socket) => {
      socket.on('error', () => {})
      resolve(socket.authorized ? null : String(socket.authorizationError))
      socket.end()
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...client, rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect')
    const byClient = socket.authorized ? null : String(socket.authorizationError)
    return byClient ?? (await seen)
  } finally {
    socket.destroy()
    listener.close()
  }
}
