import type { Issued, Order } from '../pki/authority/issue.ts'
import { hostNames, noNames } from '../pki/certificate/alternative-names.ts'
import { type CaOptions, meant, openAuthority, readBounded } from './ca-access.ts'
import { type OutputOptions, planOutput, writeOutput } from './ca-output.ts'
import { describeCertificate, field, print } from './ca-show.ts'
import { Failure, usageExitCode } from './failure.ts'

export interface IssueOptions extends CaOptions, OutputOptions {
  readonly dns: readonly string[]
  readonly ip: readonly string[]
  readonly uri: readonly string[]
  readonly email: readonly string[]
  readonly organization?: string
  readonly unit?: string
  readonly country?: string
  readonly days: number
  readonly csr?: string
  readonly requestNames?: boolean
  readonly rsa?: boolean
  readonly crlUrl?: string
}

/** Makes a certificate and, without a request, its key. */
export async function issueCertificate(kind: string, name: string, options: IssueOptions): Promise<void> {
  const output = planOutput(name, options, options.csr === undefined, false)
  const order = orderOf(kind, name, options)
  const authority = await openAuthority(options)
  const issued = await authority.issue(order)
  await hand(name, issued, output, authority.directory)
}

export interface RenewOptions extends CaOptions, OutputOptions {
  readonly days: number
  readonly csr?: string
  readonly newKey?: boolean
  readonly rsa?: boolean
}

/** Makes a certificate that follows another: for the same key, unless there is a new one. */
export async function renewCertificate(which: string, options: RenewOptions): Promise<void> {
  const { days, csr, newKey = false, rsa = false } = options
  if (csr !== undefined && newKey) throw new Failure('--csr has a key: --new-key makes no sense with it', usageExitCode)
  if (rsa && !newKey) throw new Failure('--rsa is the kind of a new key: say --new-key', usageExitCode)
  const authority = await openAuthority(options)
  const wanted = meant(which)
  const { name } = authority.find(wanted).at(-1) ?? { name: which }
  const output = planOutput(name, options, newKey, true)
  const request = csr === undefined ? {} : { request: requestIn(csr, false) }
  const key = newKey ? { key: rsa ? ('rsa' as const) : ('ec' as const) } : {}
  const issued = await authority.renew(wanted, { days, ...request, ...key })
  await hand(name, issued, output, authority.directory)
}

async function hand(
  name: string,
  issued: Issued,
  output: Parameters<typeof writeOutput>[1],
  directory: string,
): Promise<void> {
  const { files, warnings } = await writeOutput(name, output, issued)
  print([
    ...describeCertificate(issued.kind, issued.certificate.facts),
    field('files', files.join(', ')),
    field('to trust', `${directory}/bundle.pem`),
  ])
  for (const remark of [...issued.remarks, ...warnings]) console.error(`petaltail: note: ${remark}`)
}

function orderOf(kind: string, name: string, options: IssueOptions): Order {
  if (kind !== 'server' && kind !== 'client') throw new Failure(`${kind}: issue server or client`, usageExitCode)
  const { organization, unit, country, days, csr, requestNames = false, rsa = false, crlUrl } = options
  if (csr !== undefined && rsa) throw new Failure('--csr has a key: --rsa makes no sense with it', usageExitCode)
  if (csr === undefined && requestNames) throw new Failure('--request-names goes with --csr', usageExitCode)
  const subject = {
    commonName: name,
    ...(organization === undefined ? {} : { organization }),
    ...(unit === undefined ? {} : { unit }),
    ...(country === undefined ? {} : { country }),
  }
  const request = csr === undefined ? {} : { request: requestIn(csr, requestNames) }
  return { kind, subject, names: namesOf(kind, name, options), days, key: rsa ? 'rsa' : 'ec', crlUrl, ...request }
}

/** Clients of today look for the name of a server in the alternative names only. */
function namesOf(kind: 'server' | 'client', name: string, { dns, ip, uri, email }: IssueOptions) {
  const own = kind === 'server' ? hostNames([name]) : noNames
  return { dns: [...own.dns, ...dns], addresses: [...own.addresses, ...ip], uris: uri, emails: email }
}

function requestIn(file: string, acceptNames: boolean) {
  return { bytes: readBounded(file), file, acceptNames }
}
