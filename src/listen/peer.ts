import type { Peer, TlsDetails, Transport } from '../engine/ports.ts'

/** The far end of a connection as the operating system, or a proxy in front, knows it. */
export interface Remote {
  readonly address: string
  readonly port: number
  readonly loopback: boolean
}

/** The far end of a unix socket: some process of this machine. */
export const local: Remote = { address: '', port: 0, loopback: true }

export function remoteAt(address: string, port: number): Remote {
  const plain = plainAddress(address)
  return { address: plain, port, loopback: plain.startsWith('127.') || plain === '::1' }
}

/** A socket that was reset before it was looked at has no address any more. */
export function remoteOf(address: string | undefined, port: number | undefined): Remote {
  return address === undefined ? { address: '', port: 0, loopback: false } : remoteAt(address, port ?? 0)
}

export function peerOf(transport: Transport, remote: Remote, tls: TlsDetails | null): Peer {
  return { transport, address: remote.address, port: remote.port, loopback: remote.loopback, tls }
}

/** An IPv4 address that came through a dual-stack socket loses its IPv6 prefix. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
