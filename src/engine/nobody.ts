import type { Identity } from './ports.ts'

/** Who a client is before it has proved anything. */
export const nobody: Identity = { name: '', method: 'none' }
