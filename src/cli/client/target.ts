import { Failure, usageExitCode } from '../failure.ts'

/** Where a client connects. */
export type Target =
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'ws' | 'wss'; readonly host: string; readonly port: number; readonly path: string }
  | { readonly kind: 'unix'; readonly path: string }

/** What a URL says: where to connect, and perhaps as whom and to which topic. */
export interface UrlParts {
  readonly target: Target
  readonly username: string | null
  readonly password: string | null
  readonly topic: string | null
}

const ports = { tcp: 1883, tls: 8883, ws: 8083, wss: 8084 } as const

const kinds: Readonly<Record<string, keyof typeof ports>> = {
  'mqtt:': 'tcp',
  'tcp:': 'tcp',
  'mqtts:': 'tls',
  'ssl:': 'tls',
  'ws:': 'ws',
  'wss:': 'wss',
}

const webSocketPath = '/mqtt'

/** The target of `-h`, `-p` and the flags for TLS and WebSocket. */
export function targetOf(host: string, port: number | undefined, secure: boolean, path: string | null): Target {
  const kind = path === null ? (secure ? 'tls' : 'tcp') : secure ? 'wss' : 'ws'
  return place(kind, host, port ?? ports[kind], path ?? webSocketPath)
}

/** Takes `mqtt://user:password@host:port/topic` apart; the path of `ws://` and `wss://` is that of the WebSocket. */
export function parseTargetUrl(text: string): UrlParts {
  const url = URL.parse(text)
  const kind = url === null ? undefined : kinds[url.protocol]
  if (url === null || kind === undefined || url.hostname === '') {
    throw new Failure(
      `${text} is no URL of the form mqtt(s)://[user[:password]@]host[:port]/topic or ws(s)://host/path`,
      usageExitCode,
    )
  }
  // An empty fragment, dropped by URL, is the wildcard #.
  const fragment = text.includes('#') ? text.slice(text.indexOf('#')) : ''
  const path = url.pathname === '' || url.pathname === '/' ? null : url.pathname
  const web = kind === 'ws' || kind === 'wss'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // URL drops the port that is usual for the web, 80 or 443: with these schemes it was meant.
  const usual = web && /:(80|443)(\/|$)/.exec(text.replace(/^.*@/, ''))?.[1]
  const port = url.port !== '' ? Number(url.port) : usual ? Number(usual) : ports[kind]
  return {
    target: place(kind, host, port, path ?? webSocketPath),
    username: url.username === '' ? null : decoded(url.username),
    password: url.password === '' ? null : decoded(url.password),
    topic: web || path === null ? null : decoded(path.slice(1) + url.search + fragment),
  }
}

/** How error messages name the target. */
export function targetText(target: Target): string {
  if (target.kind === 'unix') return target.path
  return target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`
}

function place(kind: keyof typeof ports, host: string, port: number, path: string): Target {
  return kind === 'ws' || kind === 'wss' ? { kind, host, port, path } : { kind, host, port }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
