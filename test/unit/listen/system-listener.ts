// A process of its own, for what the operating system trusts is read once. Its arguments are a certificate and its key, and
// whether the authorities of the system count. It prints its port, and what it learned of its first client.

import { silentLog } from '../../../src/base/log.ts'
import type { Wire, WireEvents } from '../../../src/engine/ports.ts'
import { openListener } from '../../../src/listen/listener.ts'
import { defaultListener, defaultTls } from '../../../src/listen/options.ts'
import { portOf } from './kit.ts'

const [certificate = '', key = '', system = ''] = process.argv.slice(2)
const tls = {
  ...defaultTls,
  certificate,
  key,
  clientCertificate: 'request',
  systemAuthorities: system === 'yes',
} as const
const nothing: WireEvents = { data() {}, drained() {}, closed() {} }
const acceptor = {
  accept(wire: Wire): WireEvents {
    console.log(wire.peer.tls?.authorized)
    wire.destroy()
    void listener.close()
    return nothing
  },
  refused() {},
}
const listener = await openListener({ ...defaultListener, port: 0, transport: 'tls', tls }, acceptor, silentLog)
console.log(portOf(listener))
