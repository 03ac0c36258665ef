import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, type ListenOptions, type Server } from 'node:net'
import { BrokerError, type ErrorCode } from '../base/errors.ts'
import type { ListenerOptions } from './options.ts'

const schemes = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss', unix: 'unix' } as const
const backlog = 4_096

/** Binds the server to the address of the listener and answers the URL clients use. */
export async function bind(server: Server, options: ListenerOptions): Promise<string> {
  try {
    if (options.transport === 'unix') await clearStaleSocket(options.path)
    await listen(server, options.transport === 'unix' ? { path: options.path, backlog } : tcpAddress(options))
    if (options.transport === 'unix') chmodSync(options.path, options.mode)
  } catch (cause) {
    server.close()
    throw cannotListen(urlOf(options, options.port), cause)
  }
  const address = server.address()
  return urlOf(options, typeof address === 'object' && address !== null ? address.port : options.port)
}

export function urlOf(options: ListenerOptions, port: number): string {
  const scheme = schemes[options.transport]
  if (options.transport === 'unix') return `${scheme}:${options.path}`
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  const path = options.transport === 'ws' || options.transport === 'wss' ? options.websocket.path : ''
  return `${scheme}://${host}:${port}${path}`
}

function tcpAddress(options: ListenerOptions): ListenOptions {
  return { host: options.host, port: options.port, backlog, ipv6Only: false }
}

function listen(server: Server, address: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

const causes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EADDRINUSE: ['LISTEN_ADDRESS_IN_USE', 'is in use by another program'],
  EACCES: ['LISTEN_PERMISSION', 'may not be used: the operating system denies permission'],
  EPERM: ['LISTEN_PERMISSION', 'may not be used: the operating system denies permission'],
  EADDRNOTAVAIL: ['LISTEN_ADDRESS_UNAVAILABLE', 'is not an address of this machine'],
  EAFNOSUPPORT: ['LISTEN_ADDRESS_UNAVAILABLE', 'is not an address this machine supports'],
  ENOTFOUND: ['LISTEN_ADDRESS_UNAVAILABLE', 'has a host name that cannot be resolved'],
  EAI_AGAIN: ['LISTEN_ADDRESS_UNAVAILABLE', 'has a host name that cannot be resolved now'],
  ENOENT: ['LISTEN_ADDRESS_UNAVAILABLE', 'is in a folder that does not exist'],
}

function cannotListen(url: string, cause: unknown): BrokerError {
  if (cause instanceof BrokerError) return cause
  const known = cause instanceof Error && 'code' in cause ? causes[String(cause.code)] : undefined
  if (known !== undefined) return new BrokerError(known[0], `${url} ${known[1]}`, { cause })
  const text = cause instanceof Error ? cause.message : String(cause)
  return new BrokerError('LISTEN_FAILED', `${url} cannot be opened: ${text}`, { cause })
}

/** Removes the socket file of a process that is gone; that of a living one stays, and listening then fails. */
async function clearStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new BrokerError('LISTEN_ADDRESS_UNAVAILABLE', `${path} exists and is not a socket`)
  if (!(await answers(path))) unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(true)
    })
    // Only a refusal proves that nobody listens; a full backlog or a missing permission does not.
    probe.once('error', (cause) => resolve(!('code' in cause && cause.code === 'ECONNREFUSED')))
  })
}
