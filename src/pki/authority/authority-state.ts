import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Signer } from '../certificate/certificate-issue.ts'
import { type CertificateParts, readAllParts } from '../certificate/certificate-parts.ts'
import { belongTogether, readPrivateKey } from '../certificate/private-key.ts'
import { AuthorityFile, folders, formerFolder, Mode } from './authority-files.ts'
import { finishReplacing, isReplacing } from './durable-files.ts'
import { IssuanceJournal } from './issuance-journal.ts'
import { Issuances } from './issuances.ts'

/** How an authority is opened. */
export interface AuthorityContext {
  readonly clock: Clock
  /** What its keys are encrypted with; null when they are not. */
  readonly passphrase: Buffer | null
}

/** Certificates of the authority itself. */
export interface Material {
  readonly root: CertificateParts | null
  readonly issuing: CertificateParts | null
  /** What is sent behind an issued certificate. */
  readonly chain: readonly CertificateParts[]
  readonly bundle: readonly CertificateParts[]
  /** Those that issued before. */
  readonly former: readonly CertificateParts[]
}

/** An authority as it is in its directory. Changed by whoever has the lock only. */
export class AuthorityState {
  readonly directory: string
  readonly passphrase: Buffer | null
  readonly issuances = new Issuances()
  readonly journal: IssuanceJournal
  readonly #clock: Clock
  readonly #keys = new Map<string, KeyObject>()
  #material: Material = { root: null, issuing: null, chain: [], bundle: [], former: [] }

  constructor(directory: string, { clock, passphrase }: AuthorityContext) {
    this.directory = directory
    this.passphrase = passphrase
    this.#clock = clock
    this.journal = new IssuanceJournal(join(directory, AuthorityFile.journal), (event) => this.issuances.take(event))
  }

  get material(): Material {
    return this.#material
  }

  /** Wall-clock milliseconds since 1970. */
  now(): number {
    this.#clock.refresh()
    return this.#clock.wall()
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  /** Makes the folders of an authority. */
  async prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: Mode.directory })
    for (const folder of folders) await mkdir(this.path(folder), { recursive: true, mode: Mode.directory })
  }

  /** Reads what another process may have changed. */
  async refresh(): Promise<void> {
    if (isReplacing(this.directory)) await finishReplacing(this.directory)
    await this.read()
  }

  async read(): Promise<void> {
    await this.journal.read()
    const [root] = await this.certificates(AuthorityFile.root)
    const [issuing] = await this.certificates(AuthorityFile.issuing)
    const names = await namesIn(this.path(formerFolder))
    const former = names.filter((name) => name.startsWith('issuing-') && name.endsWith('.pem'))
    this.#material = {
      root: root ?? null,
      issuing: issuing ?? null,
      chain: await this.certificates(AuthorityFile.chain),
      bundle: await this.certificates(AuthorityFile.bundle),
      former: (await Promise.all(former.map((name) => this.certificates(join(formerFolder, name))))).flat(),
    }
  }

  /** Those in a file of the directory; none when there is no such file. */
  async certificates(name: string): Promise<CertificateParts[]> {
    const path = this.path(name)
    return existsSync(path) ? readAllParts(await readFile(path), path) : []
  }

  /** Whatever the lock must be had for, when there is no authority yet. */
  get isThere(): boolean {
    return existsSync(this.path(AuthorityFile.bundle)) || isReplacing(this.directory)
  }

  /** The certificate that issues. @throws BrokerError CA_KEY_MISSING when there is none. */
  issuing(): CertificateParts {
    const { issuing } = this.material
    if (issuing === null)
      throw new BrokerError(
        'CA_KEY_MISSING',
        `${this.directory} only has certificates of authorities without their keys`,
      )
    return issuing
  }

  /** Where the key of the current or a former issuing certificate is. */
  issuingKeyPath(issuer: CertificateParts): string {
    const current = this.material.issuing
    const isCurrent = current !== null && current.facts.sha256 === issuer.facts.sha256
    return this.path(isCurrent ? AuthorityFile.issuingKey : formerKey('issuing', issuer))
  }

  /**
   * The key of an authority, out of a file.
   *
   * @throws BrokerError CA_KEY_MISSING, CA_PASSPHRASE, or CA_UNUSABLE when it is the key of another.
   */
  async keyOf(certificate: CertificateParts, path: string): Promise<KeyObject> {
    const known = this.#keys.get(certificate.facts.sha256)
    if (known !== undefined) return known
    const key = readPrivateKey(await this.#keyFile(certificate, path), this.passphrase, path)
    if (!belongTogether(certificate.key, key))
      throw new BrokerError('CA_UNUSABLE', `${path} is not the key of ${certificate.facts.subject}`)
    this.#keys.set(certificate.facts.sha256, key)
    return key
  }

  async signer(certificate: CertificateParts, path: string): Promise<Signer> {
    const privateKey = await this.keyOf(certificate, path)
    return { subject: certificate.subject, keyId: certificate.keyId, privateKey }
  }

  async #keyFile({ facts, isRoot }: CertificateParts, path: string): Promise<Buffer> {
    if (existsSync(path)) return await readFile(path)
    const advice = isRoot ? 'say with --root-key where it is' : 'nothing can be issued or revoked without it'
    throw new BrokerError('CA_KEY_MISSING', `the key of ${facts.subject} is not in ${path}: ${advice}`)
  }
}

/** The name of the file a certificate of an authority has when another took its place. */
export function formerFile(role: 'issuing' | 'root', certificate: CertificateParts): string {
  return join(formerFolder, `${role}-${certificate.facts.serial}.pem`)
}

export function formerKey(role: 'issuing' | 'root', certificate: CertificateParts): string {
  return join(formerFolder, `${role}-${certificate.facts.serial}.key`)
}

async function namesIn(folder: string): Promise<string[]> {
  return existsSync(folder) ? (await readdir(folder)).toSorted() : []
}
