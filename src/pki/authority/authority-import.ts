import type { KeyObject } from 'node:crypto'
import { BrokerError } from '../../base/errors.ts'
import { invalid } from '../certificate/alternative-names.ts'
import { type CertificateParts, readAllParts } from '../certificate/certificate-parts.ts'
import { keyPem } from '../certificate/export-formats.ts'
import { belongTogether, type KeyKind, readPrivateKey, weakness } from '../certificate/private-key.ts'
import { issuersFile, makeIssuing, nameOf, publicFile } from './authority-create.ts'
import { AuthorityFile, Mode } from './authority-files.ts'
import type { AuthorityState } from './authority-state.ts'
import { crlSigners, publishCrls, rootCrls } from './crl-publish.ts'
import { type FileState, replaceTogether } from './durable-files.ts'
import { issuedEvent } from './issue.ts'
import { retired, retiredRoot, unexpired } from './rotate.ts'

/** The certificate of an authority that was made elsewhere. */
export interface ImportOptions {
  /** PEM or DER: the authority first, then those above it. */
  readonly certificates: Buffer
  /** What messages call it. */
  readonly file: string
  /** Without it the authority is trusted, and does not issue. */
  readonly key?: ImportedKey | undefined
}

export interface ImportedKey {
  readonly bytes: Buffer
  readonly file: string
  readonly passphrase: Buffer | null
}

/** Takes an authority in. With its key, it issues from now on; what issued before stays trusted. */
export async function importAuthority(state: AuthorityState, options: ImportOptions): Promise<CertificateParts> {
  const { file } = options
  const [authority, ...above] = readAllParts(options.certificates, file)
  if (authority === undefined) throw new BrokerError('CA_UNUSABLE', `${file} has no certificate`)
  checkAuthority(state, authority, file)
  for (const each of above) checkAuthority(state, each, file)
  const key = options.key === undefined ? null : keyFor(authority, options.key)
  if (key !== null) await crlSigners(state)
  await writeDown(state, [authority, ...above])
  const trusted = above.findLast(({ isRoot }) => isRoot) ?? above.at(-1) ?? authority
  const bundle = publicFile(AuthorityFile.bundle, withFirst(trusted, unexpired(state, state.material.bundle)))
  const files = key === null ? [] : await takeOver(state, authority, above, key)
  await replaceTogether(state.directory, [...files, bundle])
  await state.read()
  if (key !== null) await publishCrls(state, await crlSigners(state))
  return authority
}

async function takeOver(
  state: AuthorityState,
  authority: CertificateParts,
  above: readonly CertificateParts[],
  key: KeyObject,
): Promise<FileState[]> {
  const { root, issuing } = state.material
  if (issuing?.facts.sha256 === authority.facts.sha256 || root?.facts.sha256 === authority.facts.sha256)
    throw new BrokerError('CA_EXISTS', `${authority.facts.subject} is the authority of ${state.directory} already`)
  const before = [...(await retired(state)), ...(root === null ? [] : await retiredRoot(state, root))]
  const mayHaveOneBelow = authority.isRoot && (authority.pathLength === null || authority.pathLength > 0)
  return [
    ...before,
    ...(await (mayHaveOneBelow ? asRoot(state, authority, key) : asIssuing(state, authority, above, key))),
  ]
}

/** As the root of one that issues, which is made. */
async function asRoot(state: AuthorityState, root: CertificateParts, key: KeyObject): Promise<FileState[]> {
  const signer = { subject: root.subject, keyId: root.keyId, privateKey: key }
  const kind: KeyKind = root.key.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec'
  const { certificate, files } = await makeIssuing(state, root, signer, nameOf(root), kind)
  return [
    publicFile(AuthorityFile.root, [root]),
    { name: AuthorityFile.rootKey, contents: await keyPem(key, state.passphrase), mode: Mode.key },
    ...files,
    publicFile(AuthorityFile.chain, [certificate]),
    { name: AuthorityFile.rootCrl, contents: await rootCrls(state, root, signer), mode: Mode.public },
  ]
}

/** As the one that issues. What is above it is not in our hands. */
async function asIssuing(
  state: AuthorityState,
  authority: CertificateParts,
  above: readonly CertificateParts[],
  key: KeyObject,
): Promise<FileState[]> {
  const root = [authority, ...above].find(({ isRoot }) => isRoot)
  const chain = [authority, ...above].filter(({ isRoot }) => !isRoot)
  return [
    root === undefined
      ? { name: AuthorityFile.root, contents: null, mode: Mode.public }
      : publicFile(AuthorityFile.root, [root]),
    { name: AuthorityFile.rootKey, contents: null, mode: Mode.key },
    publicFile(AuthorityFile.issuing, [authority]),
    { name: AuthorityFile.issuingKey, contents: await keyPem(key, state.passphrase), mode: Mode.key },
    publicFile(AuthorityFile.chain, chain),
    issuersFile(state, authority),
  ]
}

function checkAuthority(
  state: AuthorityState,
  { facts, isAuthority, signsCertificates }: CertificateParts,
  file: string,
): void {
  if (!isAuthority || !signsCertificates)
    throw invalid(`${file}: ${facts.subject} is not the certificate of an authority`)
  if (facts.notAfter <= state.now())
    throw invalid(`${file}: ${facts.subject} expired on ${new Date(facts.notAfter).toISOString()}`)
}

function keyFor(authority: CertificateParts, { bytes, file, passphrase }: ImportedKey): KeyObject {
  const key = readPrivateKey(bytes, passphrase, file)
  if (!belongTogether(authority.key, key)) throw invalid(`${file} is not the key of ${authority.facts.subject}`)
  const weak = weakness(authority.key)
  if (weak !== null) throw invalid(`${authority.facts.subject} may not issue: ${weak}`)
  return key
}

async function writeDown(state: AuthorityState, certificates: readonly CertificateParts[]): Promise<void> {
  const unknown = certificates.filter(({ facts }) => state.issuances.get(facts.serial)?.sha256 !== facts.sha256)
  const events = unknown.map((each) => {
    const issuer = certificates.find(({ subjectKey }) => subjectKey === each.issuerKey)
    return issuedEvent(each, 'imported', issuer?.keyId.toString('hex') ?? '00', null, state.now())
  })
  if (events.length > 0) await state.journal.append(events)
}

function withFirst(first: CertificateParts, others: readonly CertificateParts[]): CertificateParts[] {
  return [first, ...others.filter(({ facts }) => facts.sha256 !== first.facts.sha256)]
}
