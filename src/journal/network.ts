/**
 * What one stranger can have of addresses: an IPv4 address, or the first 64 bits of one of IPv6. Texts that are neither
 * stand for themselves.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [before = '', after] = address.split('::', 2)
  const head = before === '' ? [] : before.split(':')
  if (after === undefined) return head.slice(0, 4).join(':')
  const tail = after === '' ? [] : after.split(':')
  // The last 32 bits may be written as an IPv4 address.
  const groups = head.length + tail.length + (after.includes('.') ? 1 : 0)
  const zeros = new Array<string>(Math.max(0, 8 - groups)).fill('0')
  const all = [...head, ...zeros, ...tail]
  // An IPv4 address in the form of IPv6 is one.
  if (/^(0:){5}(ffff|FFFF)$/.test(all.slice(0, 6).join(':')) && after.includes('.')) return tail[tail.length - 1] ?? ''
  return all.slice(0, 4).join(':')
}
