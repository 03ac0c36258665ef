import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Authority } from '../pki/authority/authority.ts'
import { AuthorityFile } from '../pki/authority/authority-files.ts'
import { isRevocationReason, revocationReasons } from '../pki/authority/revoke-reasons.ts'
import { type CaOptions, contextOf, meant, openAuthority } from './ca-access.ts'
import { describeCertificate, describeIssuance, field, issuanceJson, print } from './ca-show.ts'
import { Failure, usageExitCode } from './failure.ts'

export interface InitOptions extends CaOptions {
  readonly name?: string
  readonly rsa?: boolean
  readonly rootKey?: string
}

export async function initAuthority(options: InitOptions): Promise<void> {
  const { name, rootKey } = options
  const key = options.rsa === true ? 'rsa' : 'ec'
  const authority = await Authority.create(options.dir, { name, key, rootKey }, contextOf(options))
  describeAuthority(authority, rootKey)
}

export interface RotateOptions extends CaOptions {
  readonly root?: boolean
  readonly rootKey?: string
  readonly newRootKey?: string
  readonly rsa?: boolean
}

export async function rotateAuthority(options: RotateOptions): Promise<void> {
  const { root = false, rootKey, newRootKey } = options
  if (newRootKey !== undefined && !root) throw new Failure('--new-root-key goes with --root', usageExitCode)
  const authority = await openAuthority(options)
  await authority.rotate({ root, rootKey, newRootKey, ...(options.rsa === true ? { key: 'rsa' } : {}) })
  describeAuthority(authority, root ? newRootKey : rootKey)
}

function describeAuthority({ directory, root, issuing, trusted }: Authority, rootKey: string | undefined): void {
  if (root !== null) print(describeCertificate('root', root))
  if (issuing !== null) print(describeCertificate('issuing', issuing))
  const at = (name: string) => join(directory, name)
  const key = rootKey ?? at(AuthorityFile.rootKey)
  print([
    field('to trust', `${at(AuthorityFile.bundle)} (${trusted.length})`),
    field('revoked', at(AuthorityFile.crl)),
    ...(existsSync(key) ? [field('root key', `${key}: needed for "petaltail ca rotate" only; keep it elsewhere`)] : []),
  ])
}

export interface RevokeOptions extends CaOptions {
  readonly reason: string
  readonly rootKey?: string
}

export async function revokeCertificate(which: string, options: RevokeOptions): Promise<void> {
  const { reason, rootKey } = options
  if (!isRevocationReason(reason))
    throw new Failure(`--reason: ${reason} is none of ${Object.keys(revocationReasons).join(', ')}`, usageExitCode)
  const authority = await openAuthority(options)
  const revoked = await authority.revoke(meant(which), reason, rootKey)
  const now = Date.now()
  print(revoked.flatMap((issuance) => describeIssuance(issuance, now)))
  print([field('revoked', join(authority.directory, AuthorityFile.crl))])
}

export interface ListOptions extends CaOptions {
  readonly json?: boolean
  readonly expiring?: number
}

const day = 86_400_000

/** Shows every certificate, or those in use that end soon. */
export async function listCertificates(options: ListOptions): Promise<void> {
  const authority = await openAuthority(options)
  const now = Date.now()
  const end = options.expiring === undefined ? null : now + options.expiring * day
  const shown = authority.list().filter(({ notAfter, revoked, replacedBy }) => {
    if (end === null) return true
    return revoked === null && replacedBy === null && notAfter > now && notAfter <= end
  })
  if (options.json === true) return print([JSON.stringify([...shown.map((each) => issuanceJson(each, now))], null, 2)])
  for (const issuance of shown) print(describeIssuance(issuance, now))
}
