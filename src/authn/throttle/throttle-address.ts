import type { Peer } from '../../engine/ports.ts'

/**
 * What stands for the place a client is at. An IPv6 network of 64 bits is one place, because everybody has as many
 * addresses as they like there. Clients without an address, of a unix socket, share their listener.
 */
export function placeOf({ address }: Pick<Peer, 'address'>, listener: string): string {
  if (address === '') return `listener ${listener}`
  if (!address.includes(':')) return address
  const groups = groupsOf(address)
  if (groups === null) return address
  return embeddedIpv4(groups) ?? groups.slice(0, 4).join(':')
}

/** The eight groups of an IPv6 address, in hexadecimal without leading zeros, or null for something else. */
function groupsOf(address: string): readonly string[] | null {
  const [text = ''] = address.toLowerCase().split('%')
  const [head = '', tail, more] = withoutDots(text).split('::')
  if (more !== undefined) return null
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const groups = [...before, ...new Array<string>(missing).fill('0'), ...after]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return null
  return groups.map((group) => Number.parseInt(group, 16).toString(16))
}

/** The last 32 bits may be written as an IPv4 address. */
function withoutDots(text: string): string {
  return text.replace(/(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (_all, a, b, c, d) => {
    const pair = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16)
    return `${pair(String(a), String(b))}:${pair(String(c), String(d))}`
  })
}

const prefixes = new Set(['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'])

/** An IPv4 address that came through a dual-stack socket [RFC 4291], or a translator [RFC 6052]. */
function embeddedIpv4(groups: readonly string[]): string | null {
  if (!prefixes.has(groups.slice(0, 6).join(':'))) return null
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
