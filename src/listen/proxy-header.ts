// The header of the PROXY protocol, versions 1 and 2, by which a proxy in front tells the client's address.
//
//   v1   PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\r\n
//   v2   0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A | version, command | family | length (2) | addresses, TLVs

import { isIPv4, isIPv6 } from 'node:net'
import { type Remote, remoteAt } from './peer.ts'

export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'header'; readonly length: number; readonly client: Client }

/** `proxy`: the proxy speaks for itself. `unknown`: it does not say who the client is. */
export type Client = Remote | 'proxy' | 'unknown'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const more: ProxyHeader = { kind: 'more' }

/** The longest version 1 line, its end included. */
const longestLine = 107
/** Bytes of version 2 before the addresses, and the most we read: proxies send some hundred. */
const fixedLength = 16
const longestHeader = 4_096

/** Reads the header at the start of `bytes`. Never answers `more` once `longestHeader` bytes are there. */
export function parseProxyHeader(bytes: Buffer, accepted: 'v1' | 'v2' | 'any'): ProxyHeader {
  if (bytes.length === 0) return more
  const first = bytes[0]
  if (first === 0x50 && accepted !== 'v2') return parseLine(bytes)
  if (first === signature[0] && accepted !== 'v1') return parseBinary(bytes)
  return malformed('no PROXY header')
}

function parseLine(bytes: Buffer): ProxyHeader {
  const prefix = 'PROXY '
  const start = bytes.toString('latin1', 0, Math.min(prefix.length, bytes.length))
  if (!prefix.startsWith(start)) return malformed('no PROXY header')
  const end = bytes.subarray(0, longestLine).indexOf('\r\n', 0, 'latin1')
  if (end < 0) return bytes.length < longestLine ? more : malformed('version 1 line too long')
  const words = bytes.toString('latin1', prefix.length, end).split(' ')
  const length = end + 2
  if (words[0] === 'UNKNOWN') return { kind: 'header', length, client: 'unknown' }
  const client = clientOfLine(words)
  return client === null ? malformed('version 1 line invalid') : { kind: 'header', length, client }
}

function clientOfLine(words: readonly string[]): Remote | null {
  const [family, source = '', target = '', sourcePort = '', targetPort = ''] = words
  if (words.length !== 5) return null
  if (!isPort(sourcePort) || !isPort(targetPort)) return null
  const port = Number(sourcePort)
  if (family === 'TCP4' && isIPv4(source) && isIPv4(target)) return remoteAt(source, port)
  if (family === 'TCP6' && isPlainIPv6(source) && isPlainIPv6(target)) return remoteAt(canonicalIPv6(source), port)
  return null
}

/** A zone (`fe80::1%eth0`) means something on one machine only. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%')
}

function isPort(text: string): boolean {
  return /^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535
}

function parseBinary(bytes: Buffer): ProxyHeader {
  const known = Math.min(signature.length, bytes.length)
  if (bytes.compare(signature, 0, known, 0, known) !== 0) return malformed('no PROXY header')
  if (bytes.length < fixedLength) return more
  const length = fixedLength + bytes.readUInt16BE(14)
  if (length > longestHeader) return malformed('version 2 header too long')
  if (bytes.length < length) return more
  return parseCommand(bytes.subarray(12, length), length)
}

/** `bytes` begin after the signature: version and command, family, length. */
function parseCommand(bytes: Buffer, length: number): ProxyHeader {
  const command = bytes[0]
  if (command === 0x20) return { kind: 'header', length, client: 'proxy' }
  if (command !== 0x21) return malformed('version 2 command unknown')
  const family = bytes[1] ?? 0
  const size = addressSizes.get(family)
  if (size === undefined) return malformed('version 2 address family unknown')
  const body = bytes.subarray(4)
  if (body.length < size) return malformed('version 2 header too short for its addresses')
  if (!areTlvs(body.subarray(size))) return malformed('version 2 TLV invalid')
  return { kind: 'header', length, client: clientOf(family, body) }
}

/** Bytes of the two addresses by family and protocol: unspecified, IPv4, IPv6 and unix, over stream and datagram. */
const addressSizes: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x12, 12],
  [0x21, 36],
  [0x22, 36],
  [0x31, 216],
  [0x32, 216],
])

function clientOf(family: number, body: Buffer): Client {
  if (family === 0x11 || family === 0x12) return remoteAt(body.subarray(0, 4).join('.'), body.readUInt16BE(8))
  if (family === 0x21 || family === 0x22) return remoteAt(textOfIPv6(body), body.readUInt16BE(32))
  return 'unknown'
}

function textOfIPv6(bytes: Buffer): string {
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => bytes.readUInt16BE(at).toString(16))
  return canonicalIPv6(groups.join(':'))
}

/** As the operating system would write it, so that one client has one address; an IPv4 address where it holds one. */
function canonicalIPv6(text: string): string {
  const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (mapped === null) return canonical
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16BE(Number.parseInt(mapped[1] ?? '', 16), 0)
  bytes.writeUInt16BE(Number.parseInt(mapped[2] ?? '', 16), 2)
  return bytes.join('.')
}

function areTlvs(bytes: Buffer): boolean {
  let at = 0
  while (at < bytes.length) {
    if (bytes.length - at < 3) return false
    at += 3 + bytes.readUInt16BE(at + 1)
  }
  return at === bytes.length
}

function malformed(detail: string): ProxyHeader {
  return { kind: 'malformed', detail }
}
