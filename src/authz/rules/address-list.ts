import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { Subject } from '../policy/subject.ts'

/** Networks and addresses that clients come from; `local` is this machine. */
export class AddressList {
  readonly #list = new BlockList()
  #local = false

  /** Says what is wrong with it when it is no address and no network. */
  add(text: string): string | null {
    if (text === 'local') {
      this.#local = true
      return null
    }
    const [, host = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
    const address = plainAddress(host)
    const bits = address === null ? 0 : isIPv4(address) ? 32 : 128
    // A network of IPv4 addresses in their IPv6 form.
    const mapped = address !== null && address !== host && isIPv6(host) ? 96 : 0
    const prefix = length === undefined ? bits : Number(length) - mapped
    if (address === null)
      return `${JSON.stringify(text)} is no address and no network, such as 10.0.0.0/8, fd00::/8 or local`
    if (prefix < 0 || prefix > bits)
      return `${JSON.stringify(text)}: the length of the network must be from ${mapped} to ${bits + mapped}`
    this.#list.addSubnet(address, prefix, bits === 32 ? 'ipv4' : 'ipv6')
    return null
  }

  has({ client }: Subject): boolean {
    const { address, loopback } = client.peer
    if (this.#local && loopback) return true
    const plain = plainAddress(address)
    return plain !== null && this.#list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
  }
}

/** The address without the zone it is in, and IPv4 as IPv4; null for what is none. */
function plainAddress(text: string): string | null {
  const [, address = ''] = /^(?:::ffff:(?=\d+\.))?([^%]*)(?:%.*)?$/i.exec(text) ?? []
  return isIPv4(address) || isIPv6(address) ? address : null
}
