import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Bytes of live objects: the heap after a full garbage collection. */
export function heapUsed(): number {
  return afterCollection().heapUsed
}

/** Bytes of the memory behind live buffers. */
export function arrayBuffers(): number {
  return afterCollection().arrayBuffers
}

function afterCollection(): NodeJS.MemoryUsage {
  if (typeof collect === 'function') Reflect.apply(collect, undefined, [])
  return process.memoryUsage()
}
