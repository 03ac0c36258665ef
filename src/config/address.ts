/** Where a listener listens, taken apart. */
export type ListenAddress =
  | {
      readonly transport: 'tcp' | 'tls' | 'ws' | 'wss'
      /** A name or address, without brackets; empty for every address of the machine. */
      readonly host: string
      readonly port: number
      /** The path of a WebSocket URL, or null when the URL has none. */
      readonly path: string | null
    }
  | { readonly transport: 'unix'; readonly path: string }

const schemes = {
  mqtt: { transport: 'tcp', port: 1883 },
  mqtts: { transport: 'tls', port: 8883 },
  ws: { transport: 'ws', port: 8083 },
  wss: { transport: 'wss', port: 8084 },
} as const

const urlPattern = /^(mqtts?|wss?):\/\/(\[[0-9a-fA-F:.%\w]+\]|[\w.-]+|\*)?(?::(\d{1,5}))?(\/[^\s?#]*)?$/

/** Takes a listener's URL apart, or says in words what is wrong with it. */
export function parseListenAddress(url: string): ListenAddress | string {
  if (url.startsWith('unix:')) return unixAddress(url.slice('unix:'.length))
  const match = urlPattern.exec(url)
  const scheme = match?.[1]
  if (match === null || !isScheme(scheme)) return urlMistake(url)
  const { transport, port: usualPort } = schemes[scheme]
  const port = match[3] === undefined ? usualPort : Number(match[3])
  if (port > 65_535) return `the port of ${url} must be from 0 to 65535`
  const host = (match[2] ?? '').replace(/^\[|\]$/g, '')
  const path = match[4] === undefined || match[4] === '/' ? null : match[4]
  if (path !== null && (transport === 'tcp' || transport === 'tls'))
    return `${url} may not have a path: only ws:// and wss:// have one`
  return { transport, host: host === '*' ? '' : host, port, path }
}

/** The address can be reached from this machine only. */
export function isLoopback(address: ListenAddress): boolean {
  return address.transport === 'unix' || isLoopbackHost(address.host)
}

/** A name or address of this machine itself, such as `127.0.0.1`, `::ffff:127.0.0.1`, `::1` or `localhost`. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(host)
}

function unixAddress(rest: string): ListenAddress | string {
  const path = rest.startsWith('//') ? rest.slice(2) : rest
  if (!path.startsWith('/')) return 'the path of a unix socket must be absolute, such as unix:/run/petaltail.sock'
  // The operating systems keep the path in a fixed field; 104 bytes is the smallest in use.
  if (Buffer.byteLength(path) > 103) return 'the path of a unix socket may have 103 bytes at most'
  return { transport: 'unix', path }
}

function urlMistake(url: string): string {
  const text = url.length > 80 ? `${url.slice(0, 77)}…` : url
  return `${JSON.stringify(text)} is no listener URL; use mqtt://host:port, mqtts://host:port, ws://host:port/path, wss://host:port/path or unix:/path`
}

function isScheme(text: string | undefined): text is keyof typeof schemes {
  return text !== undefined && Object.hasOwn(schemes, text)
}
