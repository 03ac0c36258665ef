import type { Server } from 'node:net'

/**
 * Sets on a listening socket what every accepted one is to have: no delay, and probes after `probeAfter` milliseconds of
 * silence. Five system calls less for each connection. False where accepted sockets do not take it over from there.
 */
export function setForAccepted(server: Server, probeAfter: number): boolean {
  if (process.platform !== 'linux') return false
  const handle: unknown = Reflect.get(server, '_handle')
  return call(handle, 'setNoDelay', [true]) && call(handle, 'setKeepAlive', [true, probeAfter / 1_000])
}

/** Calls a method of a handle, which answers 0 for success. */
function call(handle: unknown, name: string, values: readonly unknown[]): boolean {
  if (typeof handle !== 'object' || handle === null) return false
  const method: unknown = Reflect.get(handle, name)
  return typeof method === 'function' && Reflect.apply(method, handle, values) === 0
}
