import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { BrokerError } from '../../base/errors.ts'
import { noNames } from '../certificate/alternative-names.ts'
import { bitsOf, encodeSubject, keyIdOf, longestName, type Signer } from '../certificate/certificate-issue.ts'
import type { CertificateParts } from '../certificate/certificate-parts.ts'
import { certificatesPem, keyPem } from '../certificate/export-formats.ts'
import { type KeyKind, type KeyPair, newKeyPair } from '../certificate/private-key.ts'
import { AuthorityFile, Mode } from './authority-files.ts'
import type { AuthorityState } from './authority-state.ts'
import { crlSigners, publishCrls, rootCrls } from './crl-publish.ts'
import { type FileState, replaceTogether, writeDurably } from './durable-files.ts'
import { backdating, certify, validityOf } from './issue.ts'

const day = 86_400_000
const rootDays = 20 * 365
const issuingDays = 5 * 365

export interface CreateOptions {
  /** What the authority calls itself; that of the machine when it is not given. */
  readonly name?: string | undefined
  readonly key?: KeyKind | undefined
  /** Where the key of the root goes, when not into the directory. */
  readonly rootKey?: string | undefined
}

/** Makes a root and an authority below it that issues. The directory must have none. */
export async function create(state: AuthorityState, options: CreateOptions): Promise<void> {
  const { name = hostname(), key = 'ec', rootKey } = options
  if (state.isThere) throw new BrokerError('CA_EXISTS', `there is an authority in ${state.directory} already`)
  if (rootKey !== undefined && existsSync(rootKey))
    throw new BrokerError('CA_EXISTS', `${rootKey} is there already: the key of the root needs a file of its own`)
  const pair = await newKeyPair(key)
  const root = await makeRoot(state, name, pair)
  const signer = { subject: root.subject, keyId: root.keyId, privateKey: pair.privateKey }
  const issuing = await makeIssuing(state, root, signer, name, key)
  const keyFile = await keyFileOf(state, pair, rootKey)
  await replaceTogether(state.directory, [
    ...keyFile,
    publicFile(AuthorityFile.root, [root]),
    ...issuing.files,
    publicFile(AuthorityFile.chain, [issuing.certificate]),
    publicFile(AuthorityFile.bundle, [root]),
    { name: AuthorityFile.rootCrl, contents: await rootCrls(state, root, signer), mode: Mode.public },
  ])
  await state.read()
  await publishCrls(state, await crlSigners(state))
}

/** A root that signed itself. */
export async function makeRoot(state: AuthorityState, name: string, pair: KeyPair): Promise<CertificateParts> {
  const subject = encodeSubject({ commonName: numbered(state, name, 'root') })
  const signer = { subject, keyId: keyIdOf(publicBits(pair)), privateKey: pair.privateKey }
  const validity = { notBefore: state.now() - backdating, notAfter: state.now() + rootDays * day }
  return await certify(
    state,
    { kind: 'root', profile: 'root', subject, key: pair.publicKey, names: noNames, ...validity },
    signer,
  )
}

/** An authority that issues, below a root, and its files. */
export async function makeIssuing(
  state: AuthorityState,
  root: CertificateParts,
  signer: Signer,
  name: string,
  key: KeyKind,
): Promise<{ readonly certificate: CertificateParts; readonly files: readonly FileState[] }> {
  const pair = await newKeyPair(key)
  const { notBefore, notAfter } = validityOf(state.now(), issuingDays, root)
  const subject = encodeSubject({ commonName: numbered(state, name, 'issuing') })
  const draft = { kind: 'issuing', profile: 'issuing', subject, key: pair.publicKey, names: noNames } as const
  const certificate = await certify(state, { ...draft, notBefore, notAfter }, signer)
  const contents = await keyPem(pair.privateKey, state.passphrase)
  const files = [
    publicFile(AuthorityFile.issuing, [certificate]),
    { name: AuthorityFile.issuingKey, contents, mode: Mode.key },
    issuersFile(state, certificate),
  ]
  return { certificate, files }
}

/** Everyone who issues or issued, once `next` does. */
export function issuersFile(state: AuthorityState, next: CertificateParts): FileState {
  const { issuing, former } = state.material
  const before = [...(issuing === null ? [] : [issuing]), ...former].filter(({ facts }) => facts.notAfter > state.now())
  return publicFile(AuthorityFile.issuers, [next, ...before])
}

export function publicFile(name: string, certificates: readonly CertificateParts[]): FileState {
  return { name, contents: certificatesPem(certificates.map(({ der }) => der)), mode: Mode.public }
}

/** The key of a root among the files of the directory, or, when it goes elsewhere, in its place there already. */
export async function keyFileOf(
  state: AuthorityState,
  pair: KeyPair,
  elsewhere: string | undefined,
): Promise<FileState[]> {
  const contents = await keyPem(pair.privateKey, state.passphrase)
  if (elsewhere === undefined) return [{ name: AuthorityFile.rootKey, contents, mode: Mode.key }]
  await writeDurably(elsewhere, contents, Mode.key)
  return [{ name: AuthorityFile.rootKey, contents: null, mode: Mode.key }]
}

/** What an authority calls itself, out of the name of its root. */
export function nameOf({ facts }: CertificateParts): string {
  return (facts.commonNames[0] ?? hostname()).replace(/ root \d+$/, '')
}

/** A name no certificate of this authority had, such as `Example issuing 3`: clients tell issuers apart by their names. */
function numbered(state: AuthorityState, name: string, role: 'root' | 'issuing'): string {
  const earlier = [...state.issuances.all()].filter(({ kind }) => kind === role)
  const ending = ` ${role} ${earlier.length + 1}`
  return `${[...name].slice(0, longestName - ending.length).join('')}${ending}`
}

function publicBits({ publicKey }: KeyPair): Buffer {
  return bitsOf(publicKey.export({ type: 'spki', format: 'der' }))
}
