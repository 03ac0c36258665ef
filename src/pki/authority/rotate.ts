import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BrokerError } from '../../base/errors.ts'
import { noNames } from '../certificate/alternative-names.ts'
import type { Signer } from '../certificate/certificate-issue.ts'
import type { CertificateParts } from '../certificate/certificate-parts.ts'
import { isSealed, type KeyKind, newKeyPair } from '../certificate/private-key.ts'
import { keyFileOf, makeIssuing, makeRoot, nameOf, publicFile } from './authority-create.ts'
import { AuthorityFile, Mode } from './authority-files.ts'
import { type AuthorityState, formerFile, formerKey } from './authority-state.ts'
import { crlSigners, publishCrls, rootCrls } from './crl-publish.ts'
import { type FileState, replaceTogether, writeDurably } from './durable-files.ts'
import { backdating, certify } from './issue.ts'

export interface RotateOptions {
  /** A new root, too. */
  readonly root?: boolean
  /** Where the key of the root is, when not in the directory. */
  readonly rootKey?: string | undefined
  /** Where the key of the new root goes, when not into the directory. */
  readonly newRootKey?: string | undefined
  readonly key?: KeyKind | undefined
}

/**
 * Has another authority issue from now on. What was issued before stays good. With `root` there is a new root as well, and
 * the one before vouches for it: who trusts either of them trusts what is issued from now on.
 */
export async function rotate(state: AuthorityState, options: RotateOptions): Promise<void> {
  const root = rootOf(state)
  await refuseToUnseal(state)
  // All keys at once, so that nothing is begun that could not be finished.
  await crlSigners(state)
  const path = options.rootKey ?? state.path(AuthorityFile.rootKey)
  const signer = await state.signer(root, path)
  const key = options.key ?? kindOf(root)
  const files =
    options.root === true ? await newRoot(state, root, signer, options, key) : await below(state, root, signer, key)
  await replaceTogether(state.directory, [...(await retired(state)), ...files])
  await state.read()
  await publishCrls(state, await crlSigners(state))
}

/** A new issuing authority below the root there is. */
async function below(
  state: AuthorityState,
  root: CertificateParts,
  signer: Signer,
  key: KeyKind,
): Promise<FileState[]> {
  const { certificate, files } = await makeIssuing(state, root, signer, nameOf(root), key)
  const vouching = state.material.chain.filter(({ subjectKey }) => subjectKey === root.subjectKey)
  const crls = await rootCrls(state, root, signer)
  return [
    ...files,
    publicFile(AuthorityFile.chain, [certificate, ...unexpired(state, vouching)]),
    { name: AuthorityFile.rootCrl, contents: crls, mode: Mode.public },
  ]
}

async function newRoot(
  state: AuthorityState,
  before: CertificateParts,
  signer: Signer,
  options: RotateOptions,
  key: KeyKind,
): Promise<FileState[]> {
  refuseSamePlace(state, options)
  const pair = await newKeyPair(key)
  const root = await makeRoot(state, nameOf(before), pair)
  const own = { subject: root.subject, keyId: root.keyId, privateKey: pair.privateKey }
  const cross = await crossSign(state, root, before, signer)
  const { certificate, files } = await makeIssuing(state, root, own, nameOf(root), key)
  await writeDurably(state.path(AuthorityFile.rootCrl), await rootCrls(state, before, signer), Mode.public)
  return [
    ...(await retiredRoot(state, before)),
    ...(await keyFileOf(state, pair, options.newRootKey)),
    publicFile(AuthorityFile.root, [root]),
    ...files,
    publicFile(AuthorityFile.chain, [certificate, cross]),
    publicFile(AuthorityFile.bundle, [root, ...unexpired(state, state.material.bundle)]),
    { name: AuthorityFile.rootCrl, contents: await rootCrls(state, root, own), mode: Mode.public },
  ]
}

/** The certificate by which an earlier root vouches for the new one. */
async function crossSign(
  state: AuthorityState,
  root: CertificateParts,
  before: CertificateParts,
  signer: Signer,
): Promise<CertificateParts> {
  if (before.pathLength !== null && before.pathLength < 2) {
    const { subject } = before.facts
    const advice = 'make an authority of its own with "petaltail ca init", and import this certificate there'
    throw new BrokerError('CA_UNUSABLE', `${subject} may not vouch for another root: ${advice}`)
  }
  const notBefore = Math.max(state.now() - backdating, before.facts.notBefore)
  const notAfter = Math.min(root.facts.notAfter, before.facts.notAfter)
  const { subject, key } = root
  return await certify(
    state,
    { kind: 'cross', profile: 'cross', subject, key, names: noNames, notBefore, notAfter },
    signer,
  )
}

/** Those that are not over yet. */
export function unexpired(state: AuthorityState, certificates: readonly CertificateParts[]): CertificateParts[] {
  const now = state.now()
  return certificates.filter(({ facts }) => facts.notAfter > now)
}

/** The authority that issued until now, and its key: it still has to sign revocation lists. */
export async function retired(state: AuthorityState): Promise<FileState[]> {
  const { issuing } = state.material
  if (issuing === null) return []
  const path = state.path(AuthorityFile.issuingKey)
  const key = existsSync(path) ? await readFile(path) : null
  return [
    publicFile(formerFile('issuing', issuing), [issuing]),
    ...(key === null ? [] : [{ name: formerKey('issuing', issuing), contents: key, mode: Mode.key }]),
  ]
}

/** The root until now, and its key when it is here. */
export async function retiredRoot(state: AuthorityState, root: CertificateParts): Promise<FileState[]> {
  const path = state.path(AuthorityFile.rootKey)
  const key = existsSync(path) ? await readFile(path) : null
  return [
    publicFile(formerFile('root', root), [root]),
    ...(key === null ? [] : [{ name: formerKey('root', root), contents: key, mode: Mode.key }]),
  ]
}

function rootOf(state: AuthorityState): CertificateParts {
  const { root } = state.material
  if (root !== null) return root
  throw new BrokerError('CA_KEY_MISSING', `${state.directory} has no root of its own: there is nothing to rotate`)
}

/** Keys that were encrypted until now are not to be followed by one that is not. */
async function refuseToUnseal(state: AuthorityState): Promise<void> {
  const path = state.path(AuthorityFile.issuingKey)
  if (state.passphrase !== null || !existsSync(path) || !isSealed(await readFile(path))) return
  throw new BrokerError('CA_PASSPHRASE', `${path} is encrypted: give --passphrase-file, or PETALTAIL_CA_PASSPHRASE`)
}

function refuseSamePlace(state: AuthorityState, { rootKey, newRootKey }: RotateOptions): void {
  if (newRootKey !== undefined && existsSync(newRootKey))
    throw new BrokerError(
      'CA_EXISTS',
      `${newRootKey} is there already: the key of the new root needs a file of its own`,
    )
  if (
    rootKey !== undefined &&
    newRootKey === undefined &&
    resolve(rootKey) !== resolve(state.path(AuthorityFile.rootKey))
  )
    throw new BrokerError('USAGE', 'say with --new-root-key where the key of the new root goes')
}

function kindOf({ key }: CertificateParts): KeyKind {
  return key.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec'
}
