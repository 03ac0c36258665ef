import { setFlagsFromString } from 'node:v8'
import type { Config } from '../config/schema.ts'

/**
 * Has the heap grow in the steps V8 thinks right where clients come over TLS. Each of these connections reports some 60 KB
 * outside the heap. Beside steps as small as this program is started with, and measured by the heap alone, that makes V8
 * look through everything after every 150 connections, which costs more than their handshakes.
 */
export function growForTls({ listeners }: Config): void {
  if (!listeners.some(({ url }) => url.startsWith('mqtts:') || url.startsWith('wss:'))) return
  setFlagsFromString('--external-memory-accounted-in-global-limit')
  setFlagsFromString('--heap-growing-percent=0')
}
