import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { BrokerError } from '../../base/errors.ts'
import { type AlternativeNames, listNames } from '../certificate/alternative-names.ts'
import { longestName } from '../certificate/certificate-issue.ts'
import { type CertificateParts, readAllParts } from '../certificate/certificate-parts.ts'
import { certificatesPem, keyPem } from '../certificate/export-formats.ts'
import { belongTogether, type KeyKind, readPrivateKey } from '../certificate/private-key.ts'
import { AuthorityFile, Mode } from './authority-files.ts'
import type { AuthorityState } from './authority-state.ts'
import { replaceTogether } from './durable-files.ts'
import { issue } from './issue.ts'

/** What the listeners of a broker show who they are with. */
export interface ServerCertificate {
  /** PEM: the certificate, and what is sent behind it. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
  readonly names: AlternativeNames
  readonly serial: string
  readonly sha1: string
  readonly sha256: string
  /** Wall-clock milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** When there should be another. */
  readonly renewAt: number
}

export interface ServerCertificateOptions {
  readonly names: AlternativeNames
  readonly days: number
  readonly key: KeyKind
}

/**
 * The certificate in the directory while it is good for all these names; else one that is made. Nothing is read when the one
 * that is had already, `current`, is good.
 */
export async function serverCertificate(
  state: AuthorityState,
  options: ServerCertificateOptions,
  current: ServerCertificate | null,
): Promise<ServerCertificate> {
  if (current !== null && isGood(state, current, options)) return current
  return (await keptOne(state, options)) ?? (await newOne(state, options))
}

async function newOne(
  state: AuthorityState,
  { names, days, key }: ServerCertificateOptions,
): Promise<ServerCertificate> {
  const commonName = [...names.dns, ...names.addresses].find(({ length }) => length <= longestName) ?? 'broker'
  const { certificate, chain, privateKey } = await issue(state, {
    kind: 'server',
    subject: { commonName },
    names,
    days,
    key,
  })
  if (privateKey === null) throw new Error('a certificate was made without its key')
  const text = certificatesPem([certificate, ...chain].map(({ der }) => der))
  await replaceTogether(state.directory, [
    { name: AuthorityFile.server, contents: text, mode: Mode.public },
    { name: AuthorityFile.serverKey, contents: await keyPem(privateKey, state.passphrase), mode: Mode.key },
  ])
  return described(certificate, text, await keyPem(privateKey, null))
}

function isGood(state: AuthorityState, current: ServerCertificate, { names }: ServerCertificateOptions): boolean {
  const issuance = state.issuances.get(current.serial)
  const isOurs = issuance?.issuer === state.material.issuing?.keyId.toString('hex')
  const now = state.now()
  const isTime = now < current.renewAt && now >= current.notBefore
  return isOurs && issuance?.revoked === null && isTime && covers(current.names, names)
}

/** Null when there is none, or another is needed. */
async function keptOne(state: AuthorityState, { names }: ServerCertificateOptions): Promise<ServerCertificate | null> {
  const [file, keyFile] = [state.path(AuthorityFile.server), state.path(AuthorityFile.serverKey)]
  if (!existsSync(file) || !existsSync(keyFile)) return null
  const bytes = await readFile(file)
  const certificate = usable(state, bytes, file)
  if (certificate === null || !covers(certificate.facts, names)) return null
  const key = readPrivateKey(await readFile(keyFile), state.passphrase, keyFile)
  if (!belongTogether(certificate.key, key)) return null
  return described(certificate, bytes.toString(), await keyPem(key, null))
}

/** The certificate in the file when it is of the one that issues now, and neither revoked nor to be renewed. */
function usable(state: AuthorityState, bytes: Buffer, file: string): CertificateParts | null {
  const [certificate] = readOrNone(bytes, file)
  const { issuing } = state.material
  if (certificate === undefined || issuing === null) return null
  const issuance = state.issuances.get(certificate.facts.serial)
  const isOurs = new X509Certificate(certificate.der).verify(issuing.key)
  if (issuance === null || issuance.revoked !== null || !isOurs) return null
  return state.now() < renewAt(certificate) && state.now() >= certificate.facts.notBefore ? certificate : null
}

/** A file somebody spoilt is as good as none: it is made anew. */
function readOrNone(bytes: Buffer, file: string): CertificateParts[] {
  try {
    return readAllParts(bytes, file)
  } catch (error) {
    if (error instanceof BrokerError) return []
    throw error
  }
}

function covers(have: AlternativeNames, wanted: AlternativeNames): boolean {
  const names = new Set(listNames(have))
  return listNames(wanted).every((name) => names.has(name))
}

function described(parts: CertificateParts, certificate: string, key: string): ServerCertificate {
  const { dns, addresses, uris, emails, serial, sha1, sha256, notBefore, notAfter } = parts.facts
  const names = { dns, addresses, uris, emails }
  return { certificate, key, names, serial, sha1, sha256, notBefore, notAfter, renewAt: renewAt(parts) }
}

/** When two thirds of its life are over. */
function renewAt({ facts: { notBefore, notAfter } }: CertificateParts): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3
}
