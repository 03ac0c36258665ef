import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { BrokerError } from '../../base/errors.ts'
import { type AlternativeNames, checkedNames, hostNames, joinNames, noNames } from '../certificate/alternative-names.ts'

/** What a machine says of itself. */
export interface Machine {
  readonly hostname: string
  readonly interfaces: NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, 'address'>[]>
  /** The table of host names that the system looks into first. */
  readonly hosts: string
}

/** Addresses beyond these are those of machines that run hundreds of networks, none of which clients come through. */
const maximumAddresses = 50

/**
 * Every name and address clients may know this machine by, and the ones in `extra`. Addresses that are only good within one
 * network cable are left out: nobody can write them into the address of a broker.
 *
 * @throws BrokerError CA_REQUEST_INVALID when one of `extra` is no name.
 */
export function machineNames(extra: readonly string[], machine: Machine = thisMachine()): AlternativeNames {
  const addresses = Object.values(machine.interfaces)
    .flatMap((each) => each ?? [])
    .map(({ address }) => address)
    .filter((address) => isIP(address) !== 0 && !isLinkLocal(address))
  const found = { dns: namesOf(machine), addresses: addresses.slice(0, maximumAddresses), uris: [], emails: [] }
  const local = hostNames(['localhost', '127.0.0.1', '::1'])
  return [hostNames(extra), ...eachAlone(found), local].reduce(joinNames, noNames)
}

function thisMachine(): Machine {
  return { hostname: hostname(), interfaces: networkInterfaces(), hosts: hostsFile() }
}

function namesOf({ hostname, hosts }: Machine): string[] {
  const aliases = aliasesIn(hosts, hostname)
  // Machines without a domain are found by this name in the networks of homes and workshops.
  return hostname.includes('.') ? [hostname, ...aliases] : [...aliases, hostname, `${hostname}.local`]
}

/** Other names on the line of the host: the full one is there. */
function aliasesIn(hosts: string, hostname: string): string[] {
  const lines = hosts.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1))
  return lines.filter((names) => names.includes(hostname)).flatMap((names) => names.filter((name) => name !== hostname))
}

const maximumHosts = 1_048_576

function hostsFile(): string {
  if (process.platform === 'win32') return ''
  try {
    return readFileSync('/etc/hosts', 'utf8').slice(0, maximumHosts)
  } catch {
    // A machine without the table has no more names.
    return ''
  }
}

const linkLocal = new BlockList()
linkLocal.addSubnet('fe80::', 10, 'ipv6')
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4')

function isLinkLocal(address: string): boolean {
  return address.includes('%') || linkLocal.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** A machine may have a name that no certificate can have; the others are good all the same. */
function eachAlone({ dns, addresses }: AlternativeNames): AlternativeNames[] {
  const checked = [checkedNames({ addresses })]
  for (const name of dns) {
    try {
      checked.push(checkedNames({ dns: [name] }))
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
    }
  }
  return checked
}
