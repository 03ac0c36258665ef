const linksOfOneAddress = 16_000

/**
 * One address has ports for some 28,000 connections to one broker. On Linux the whole of 127/8 is this machine: what comes
 * after the first is spread over it. Not before that, for choosing the address costs more than all the rest of connecting.
 */
export function sourceAddress(host: string, index: number): string | null {
  if (index < linksOfOneAddress || process.platform !== 'linux' || !host.startsWith('127.')) return null
  const number = 1 + (process.pid % 200) * 64 + Math.floor(index / linksOfOneAddress)
  return `127.0.${number >> 8}.${number & 0xff}`
}
