// A process of its own, for what Node offers is looked up once. Its arguments are a certificate and its key. It prints the
// ports of a TCP listener, one behind a proxy and one with TLS, which send back what they get.

import { silentLog } from '../../../src/base/log.ts'
import type { Wire, WireEvents } from '../../../src/engine/ports.ts'
import { openListener } from '../../../src/listen/listener.ts'
import { nodeStreams } from '../../../src/listen/node-streams.ts'
import { defaultListener, defaultTls, type ListenerOptions } from '../../../src/listen/options.ts'
import { portOf } from './kit.ts'

const [certificate = '', key = ''] = process.argv.slice(2)
const acceptor = {
  accept(wire: Wire): WireEvents {
    return {
      data: (bytes, length) => wire.write(Buffer.from(bytes.subarray(0, length))),
      drained() {},
      closed() {},
    }
  },
  refused() {},
}
const kinds: readonly Partial<ListenerOptions>[] = [
  { transport: 'tcp' },
  { transport: 'tcp', proxyProtocol: 'v1' },
  { transport: 'tls', tls: { ...defaultTls, certificate, key } },
]
const ports: number[] = []
for (const kind of kinds)
  ports.push(portOf(await openListener({ ...defaultListener, port: 0, ...kind }, acceptor, silentLog)))
console.log(JSON.stringify({ handles: nodeStreams !== null, ports }))
