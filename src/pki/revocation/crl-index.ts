import type { Clock } from '../../base/clock.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { WatchedValue } from '../../base/watched-value.ts'
import type { Certificate } from '../certificate/certificate-facts.ts'
import { DerMistake } from '../certificate/certificate-facts-der.ts'
import { readListFile } from './crl-files.ts'
import type { RevocationList } from './crl-read.ts'
import type { Authorities } from './revocation-authorities.ts'
import { isSignedBy, type Signed } from './revocation-signature.ts'

/** Milliseconds between two looks at the lists that run out. */
const interval = 60_000
const unknownAuthority = 'its authority is not known'

interface Context {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
  readonly authorities: Authorities
  /** Told when a certificate may be revoked that was not, or the other way round. */
  readonly changed: () => void
}

/** What is known of a revocation list. */
export interface ListStatus {
  readonly file: string
  readonly issuer: string
  readonly revoked: number
  /** Wall-clock milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number | null
  /** Its signature was verified; until then it counts for nothing. */
  readonly verified: boolean
}

/** A list that counts once somebody known is found to have signed it. */
interface Entry {
  readonly file: string
  readonly list: RevocationList
  /** What is still to be verified; null once somebody is found to have signed it. */
  signed: Signed | null
  saidStale: boolean
}

/** The revocation lists of the configured files, by the authority they are of. */
export class RevocationIndex {
  readonly #context: Context
  readonly #files: WatchedValue<readonly Entry[]>[] = []
  readonly #stop: () => void
  #reading: Promise<unknown> = Promise.resolve()

  /** @throws BrokerError CRL_INVALID */
  static async open(paths: readonly string[], context: Context): Promise<RevocationIndex> {
    const index = new RevocationIndex(context)
    try {
      for (const path of new Set(paths)) index.#files.push(await index.#watch(path))
    } catch (error) {
      await index.close()
      throw error
    }
    index.#warn()
    return index
  }

  private constructor(context: Context) {
    this.#context = context
    this.#stop = context.clock.every(interval, () => this.#warn())
  }

  /** The list that has a certificate, or null. */
  revoking({ issuerName, serial }: Pick<Certificate, 'issuerName' | 'serial'>): ListStatus | null {
    for (const entry of this.#of(issuerName)) {
      if (entry.signed === null && entry.list.revoked.has(serial)) return statusOf(entry)
    }
    return null
  }

  /** There is a list in force that would have a certificate if it were revoked. */
  covers(certificate: Certificate): boolean {
    const now = this.#context.clock.wall()
    const other = certificate.isAuthority ? 'users' : 'authorities'
    for (const { signed, list } of this.#of(certificate.issuerName)) {
      if (signed === null && list.scope !== other && list.thisUpdate <= now && (list.nextUpdate ?? 0) > now) return true
    }
    return false
  }

  /** There is a list of an authority that nobody known has signed so far. */
  awaits(subjectName: string): boolean {
    for (const entry of this.#of(subjectName)) if (entry.signed !== null) return true
    return false
  }

  /** Looks whether authorities that are known by now signed the lists that wait for it. */
  async verify(): Promise<void> {
    let changed = false
    for (const entry of [...this.#entries()]) {
      if (entry.signed === null) continue
      const verdict = await this.#verify(entry)
      if (verdict === 'signed') changed = true
      else if (verdict !== unknownAuthority) this.#refuse(entry, verdict)
    }
    if (changed) this.#context.changed()
  }

  *status(): Generator<ListStatus> {
    for (const entry of this.#entries()) yield statusOf(entry)
  }

  async close(): Promise<void> {
    this.#stop()
    await Promise.all(this.#files.map((file) => file.close()))
  }

  *#entries(): Generator<Entry> {
    for (const { value } of this.#files) yield* value
  }

  *#of(issuerName: string): Generator<Entry> {
    for (const entry of this.#entries()) if (entry.list.issuerName === issuerName) yield entry
  }

  #watch(path: string): Promise<WatchedValue<readonly Entry[]>> {
    const read = () => this.#inTurn(() => this.#read(path))
    const done = (error: unknown, entries: readonly Entry[]) => this.#done(path, error, entries)
    return WatchedValue.open({ paths: [path], read, done }, this.#context.files)
  }

  #done(file: string, error: unknown, entries: readonly Entry[]): void {
    const { log, changed } = this.#context
    if (error !== null) {
      const cause = error instanceof Error ? error.message : String(error)
      return log.error('revocation lists cannot be used: those before go on', { file, cause })
    }
    const certificates = entries.reduce((sum, { list }) => sum + list.revoked.size, 0)
    log.info('revocation lists reloaded', { file, lists: entries.length, certificates })
    this.#warn()
    changed()
  }

  /** One file after the other: they may be large. */
  #inTurn<Result>(read: () => Promise<Result>): Promise<Result> {
    const reading = this.#reading.then(read)
    this.#reading = reading.catch(() => {})
    return reading
  }

  /** The lists of a file take the place of those before once all of them are good. */
  async #read(path: string): Promise<readonly Entry[]> {
    const lists = await readListFile(path)
    const entries = lists.map(({ list, signed }): Entry => ({ file: path, list, signed, saidStale: false }))
    for (const entry of entries) {
      const verdict = await this.#verify(entry)
      if (verdict === 'signed') continue
      const { issuer } = entry.list
      if (verdict !== unknownAuthority) {
        throw new BrokerError('CRL_INVALID', `${path}: the revocation list of ${issuer} cannot be used: ${verdict}`)
      }
      this.#context.log.info('revocation list of an authority not known yet: it counts once a client shows that one', {
        file: path,
        issuer,
      })
    }
    return entries
  }

  #refuse({ file, list }: Entry, cause: string): void {
    this.#context.log.error('revocation list does not count', { file, issuer: list.issuer, cause })
  }

  async #verify(entry: Entry): Promise<string> {
    const { signed, list } = entry
    if (signed === null) return 'signed'
    let verdict: string = unknownAuthority
    for (const { certificate, key } of this.#context.authorities.named(list.issuerName)) {
      if (!certificate.signsLists) verdict = 'its authority may not sign revocation lists'
      else if (key !== null && (await this.#isSigned(signed, key))) {
        entry.signed = null
        return 'signed'
      } else if (verdict === unknownAuthority) verdict = 'the signature is not that of its authority'
    }
    return verdict
  }

  async #isSigned(...given: Parameters<typeof isSignedBy>): Promise<boolean> {
    try {
      return await isSignedBy(...given)
    } catch (error) {
      if (error instanceof DerMistake) return false
      throw error
    }
  }

  /** Says once of each list that it has run out. */
  #warn(): void {
    const now = this.#context.clock.wall()
    let found = false
    for (const entry of this.#entries()) {
      const { nextUpdate, issuer } = entry.list
      if (entry.saidStale || nextUpdate === null || nextUpdate > now) continue
      entry.saidStale = found = true
      const since = new Date(nextUpdate).toISOString()
      this.#context.log.warn('revocation list is out of date', { file: entry.file, issuer, since })
    }
    if (found) this.#context.changed()
  }
}

function statusOf({ file, signed, list }: Entry): ListStatus {
  const { issuer, thisUpdate, nextUpdate, revoked } = list
  return { file, issuer, revoked: revoked.size, thisUpdate, nextUpdate, verified: signed === null }
}
