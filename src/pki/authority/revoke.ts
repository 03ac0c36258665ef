import { BrokerError } from '../../base/errors.ts'
import { invalid, shown } from '../certificate/alternative-names.ts'
import { hexOf } from '../certificate/serial-number.ts'
import { AuthorityFile, Mode } from './authority-files.ts'
import type { AuthorityState } from './authority-state.ts'
import { crlSigners, publishCrls, rootCrls } from './crl-publish.ts'
import { writeDurably } from './durable-files.ts'
import type { Issuance } from './issuances.ts'
import type { RevocationReason } from './revoke-reasons.ts'

/** What is meant by a serial number, a thumbprint or a name. @throws BrokerError CA_CERTIFICATE_UNKNOWN */
export function find(state: AuthorityState, which: string): Issuance[] {
  const found = state.issuances.find(which, hexOf(which))
  if (found.length > 0) return found
  throw new BrokerError('CA_CERTIFICATE_UNKNOWN', `no certificate of this authority is called ${shown(which)}`)
}

/** The latest of those meant, which must all be for the same. @throws BrokerError CA_REQUEST_INVALID */
export function findLatest(state: AuthorityState, which: string): Issuance {
  const found = find(state, which)
  const good = found.filter(({ revoked }) => revoked === null)
  if (good.length === 0) throw invalid(`${shown(which)} is revoked: issue another certificate for it`)
  refuseAmbiguous(good, which)
  return good.reduce((latest, each) => (each.time >= latest.time ? each : latest))
}

/**
 * Revokes every good certificate that is meant, and publishes the revocation lists. A name may have several: after a renewal
 * the earlier one is good as well, and whoever has the one may have the other.
 *
 * @throws BrokerError CA_CERTIFICATE_UNKNOWN, CA_REQUEST_INVALID, CA_KEY_MISSING, CA_PASSPHRASE
 */
export async function revoke(
  state: AuthorityState,
  which: string,
  reason: RevocationReason,
  rootKey: string | undefined,
): Promise<Issuance[]> {
  const now = state.now()
  const found = find(state, which)
  const good = found.filter(({ revoked, notAfter }) => revoked === null && notAfter > now)
  if (good.length === 0) throw invalid(`${shown(which)} is revoked or expired already`)
  refuseAmbiguous(good, which)
  const [first] = good
  if (first?.kind === 'issuing') await revokeIssuing(state, first, reason, rootKey)
  else if (first?.kind === 'server' || first?.kind === 'client') await revokeIssued(state, good, reason)
  else throw invalid(`${shown(which)} is no certificate that can be revoked: take it out of ${AuthorityFile.bundle}`)
  return good.map(({ serial }) => state.issuances.get(serial)).filter((issuance) => issuance !== null)
}

async function revokeIssued(
  state: AuthorityState,
  issuances: readonly Issuance[],
  reason: RevocationReason,
): Promise<void> {
  const signers = await crlSigners(state)
  const ours = new Set(signers.map(({ keyId }) => keyId.toString('hex')))
  const orphan = issuances.find(({ issuer }) => !ours.has(issuer))
  if (orphan !== undefined)
    throw new BrokerError('CA_KEY_MISSING', `the key that issued ${orphan.serial} is not here: nobody can revoke it`)
  await writeDown(state, issuances, reason)
  await publishCrls(state, signers)
}

/** Only a root can revoke one that issues. */
async function revokeIssuing(
  state: AuthorityState,
  issuance: Issuance,
  reason: RevocationReason,
  rootKey: string | undefined,
): Promise<void> {
  const { root, issuing } = state.material
  if (issuing?.facts.serial === issuance.serial)
    throw invalid(`${issuance.subject} issues at the moment: use "petaltail ca rotate" first`)
  if (root?.keyId.toString('hex') !== issuance.issuer)
    throw new BrokerError(
      'CA_KEY_MISSING',
      `${issuance.subject} was not signed by the root of today, which cannot revoke it`,
    )
  const signer = await state.signer(root, rootKey ?? state.path(AuthorityFile.rootKey))
  const signers = await crlSigners(state)
  await writeDown(state, [issuance], reason)
  await writeDurably(state.path(AuthorityFile.rootCrl), await rootCrls(state, root, signer), Mode.public)
  await publishCrls(state, signers)
}

async function writeDown(
  state: AuthorityState,
  issuances: readonly Issuance[],
  reason: RevocationReason,
): Promise<void> {
  const time = state.now()
  await state.journal.append(issuances.map(({ serial }) => ({ event: 'revoked', time, serial, reason })))
}

function refuseAmbiguous(issuances: readonly Issuance[], which: string): void {
  if (new Set(issuances.map(({ kind }) => kind)).size < 2) return
  const list = issuances.map(({ kind, serial }) => `${kind} ${serial}`).join(', ')
  throw invalid(`${shown(which)} is the name of several certificates: say which by its serial number: ${list}`)
}
