import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { attempt, Der, Tag } from '../certificate/certificate-facts-der.ts'
import type { Signer } from '../certificate/certificate-issue.ts'
import type { CertificateParts } from '../certificate/certificate-parts.ts'
import { pemOf } from '../certificate/export-formats.ts'
import { pemBlocks } from '../revocation/revocation-pem.ts'
import { AuthorityFile, Mode } from './authority-files.ts'
import type { AuthorityState } from './authority-state.ts'
import { signCrl } from './crl-issue.ts'
import { writeDurably } from './durable-files.ts'

const day = 86_400_000
/** How long a list is good; it is made anew when half of that is over. */
const crlLife = 30 * day
/** Before it was made a list is good already: whoever looks at it may have another clock. */
const backdating = 3_600_000
/** How long an expired certificate is still listed: it has to be in one list that came after its end. */
const grace = 2 * crlLife

/** Whose lists are signed again: those that issue or issued, have their keys here, and are not over. */
function publishers(state: AuthorityState): CertificateParts[] {
  const { issuing, former } = state.material
  const now = state.now()
  const all = issuing === null ? former : [issuing, ...former]
  return all.filter((issuer) => issuer.facts.notAfter > now && existsSync(state.issuingKeyPath(issuer)))
}

/** Whether a list is missing, says less than the journal, or half of its time is over. */
export async function isCrlDue(state: AuthorityState): Promise<boolean> {
  const lists = await listsIn(state, AuthorityFile.crl)
  const now = state.now()
  return publishers(state).some(({ keyId, subjectKey }) => {
    const issuer = keyId.toString('hex')
    const signed = state.issuances.listOf(issuer)
    const published = lists.find(({ issuerKey }) => issuerKey === subjectKey)
    if (signed === null || published === undefined || state.issuances.isUnlisted(issuer)) return true
    // A list has whole seconds.
    const isOld = published.thisUpdate < signed.time - backdating - 1_000
    return isOld || now < signed.time || now >= (signed.time + signed.nextUpdate) / 2
  })
}

/** The keys that are needed to revoke: asked for before anything is written down. */
export async function crlSigners(state: AuthorityState): Promise<Signer[]> {
  const issuers = publishers(state)
  return await Promise.all(issuers.map((issuer) => state.signer(issuer, state.issuingKeyPath(issuer))))
}

/** Signs the lists of all that issue or issued, and publishes them together with those of the roots. */
export async function publishCrls(state: AuthorityState, signers: readonly Signer[]): Promise<void> {
  const fresh: Buffer[] = []
  for (const signer of signers) fresh.push(await signList(state, signer, state.now() + crlLife))
  await writeCrls(state, fresh, signers)
}

/**
 * The lists of all roots, of which that of `root` is new. It is good as long as the root is: its key is seldom at hand.
 */
export async function rootCrls(state: AuthorityState, root: CertificateParts, signer: Signer): Promise<string> {
  const fresh = await signList(state, signer, root.facts.notAfter)
  const others = await listsIn(state, AuthorityFile.rootCrl)
  return listsPem([fresh, ...others.filter(({ issuerKey }) => issuerKey !== root.subjectKey).map(({ der }) => der)])
}

async function signList(state: AuthorityState, signer: Signer, nextUpdate: number): Promise<Buffer> {
  const now = state.now()
  const issuer = signer.keyId.toString('hex')
  const revoked = [...state.issuances.revokedOf(issuer)].filter(({ notAfter }) => notAfter + grace > now)
  const number = (state.issuances.listOf(issuer)?.number ?? 0) + 1
  const entries = revoked.map(({ serial, revoked: { time, reason } }) => ({ serial, time, reason }))
  const crl = await signCrl({ number, thisUpdate: now - backdating, nextUpdate, revoked: entries }, signer)
  await state.journal.append([{ event: 'listed', time: now, issuer, number, nextUpdate, entries: entries.length }])
  return crl
}

/** Those of issuers that cannot sign any more are kept as they are until nobody has a use for them. */
async function writeCrls(state: AuthorityState, fresh: readonly Buffer[], signers: readonly Signer[]): Promise<void> {
  const roots = await listsIn(state, AuthorityFile.rootCrl)
  const renewed = new Set([
    ...signers.map(({ subject }) => subject.toString('latin1')),
    ...roots.map(({ issuerKey }) => issuerKey),
  ])
  const now = state.now()
  const before = await listsIn(state, AuthorityFile.crl)
  const kept = before.filter(({ issuerKey, nextUpdate }) => !renewed.has(issuerKey) && (nextUpdate ?? 0) + grace > now)
  const all = [...fresh, ...kept.map(({ der }) => der), ...roots.map(({ der }) => der)]
  await writeDurably(state.path(AuthorityFile.crl), listsPem(all), Mode.public)
}

interface List {
  readonly issuerKey: string
  readonly thisUpdate: number
  readonly nextUpdate: number | null
  readonly der: Buffer
}

/** The lists in a file; what is no list is left out, as it will be written anew. */
async function listsIn(state: AuthorityState, name: string): Promise<List[]> {
  const path = state.path(name)
  if (!existsSync(path)) return []
  return pemBlocks(await readFile(path), 'X509 CRL')
    .map(headOf)
    .filter((list) => list !== null)
}

/** What a list begins with; null for what is none. */
function headOf(der: Buffer): List | null {
  const head = attempt(() => {
    const body = new Der(der).inside(Tag.Sequence).inside(Tag.Sequence)
    if (body.tag === Tag.Integer) body.element()
    body.element()
    const issuerKey = body.element().toString('latin1')
    const thisUpdate = body.time()
    const isLimited = body.tag === Tag.UtcTime || body.tag === Tag.GeneralizedTime
    return { issuerKey, thisUpdate, nextUpdate: isLimited ? body.time() : null, der }
  })
  return typeof head === 'string' ? null : head
}

function listsPem(lists: readonly Buffer[]): string {
  return lists.map((der) => pemOf(der, 'X509 CRL')).join('')
}
