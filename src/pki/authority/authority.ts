import { BrokerError } from '../../base/errors.ts'
import type { CertificateFacts } from '../../engine/ports.ts'
import type { CertificateParts } from '../certificate/certificate-parts.ts'
import { type CreateOptions, create } from './authority-create.ts'
import { issuedFile } from './authority-files.ts'
import { type ImportOptions, importAuthority } from './authority-import.ts'
import { exclusively } from './authority-lock.ts'
import { type AuthorityContext, AuthorityState } from './authority-state.ts'
import { crlSigners, isCrlDue, publishCrls } from './crl-publish.ts'
import { isReplacing } from './durable-files.ts'
import type { Issuance } from './issuances.ts'
import { type Issued, issue, type Order, type Renewal, renew } from './issue.ts'
import { find, findLatest, revoke } from './revoke.ts'
import type { RevocationReason } from './revoke-reasons.ts'
import { type RotateOptions, rotate } from './rotate.ts'
import { type ServerCertificate, type ServerCertificateOptions, serverCertificate } from './server-certificate.ts'

/**
 * A certificate authority in a directory. Several processes may have it open: each change is made while nobody else makes
 * any, and begins with what the others did.
 */
export class Authority {
  readonly #state: AuthorityState

  private constructor(state: AuthorityState) {
    this.#state = state
  }

  /** @throws BrokerError CA_MISSING when there is none in the directory; CA_UNUSABLE when it cannot be read. */
  static async open(directory: string, context: AuthorityContext): Promise<Authority> {
    const state = new AuthorityState(directory, context)
    if (!state.isThere)
      throw new BrokerError('CA_MISSING', `there is no authority in ${directory}: make one with "petaltail ca init"`)
    const authority = new Authority(state)
    if (isReplacing(directory)) await authority.refresh()
    else await told(directory, () => state.read())
    return authority
  }

  /** Makes one. @throws BrokerError CA_EXISTS when there is one in the directory. */
  static async create(directory: string, options: CreateOptions, context: AuthorityContext): Promise<Authority> {
    const authority = await Authority.#prepare(directory, context)
    await authority.#exclusively((state) => create(state, options))
    return authority
  }

  /** The one in the directory; made when there is none. */
  static async openOrCreate(directory: string, options: CreateOptions, context: AuthorityContext): Promise<Authority> {
    const authority = await Authority.#prepare(directory, context)
    await authority.#exclusively(async (state) => {
      if (!state.isThere) await create(state, options)
    })
    return authority
  }

  /** Takes in an authority that was made elsewhere, into a directory that may have one or not. */
  static async import(directory: string, options: ImportOptions, context: AuthorityContext): Promise<Authority> {
    const authority = await Authority.#prepare(directory, context)
    await authority.#exclusively((state) => importAuthority(state, options))
    return authority
  }

  static async #prepare(directory: string, context: AuthorityContext): Promise<Authority> {
    const state = new AuthorityState(directory, context)
    await told(directory, () => state.prepare())
    return new Authority(state)
  }

  get directory(): string {
    return this.#state.directory
  }

  /** The root, when it is known. */
  get root(): CertificateFacts | null {
    return this.#state.material.root?.facts ?? null
  }

  /** The certificate that issues; null when this authority only has certificates without their keys. */
  get issuing(): CertificateFacts | null {
    return this.#state.material.issuing?.facts ?? null
  }

  /** Every certificate of an authority to trust. */
  get trusted(): readonly CertificateParts[] {
    return this.#state.material.bundle
  }

  /** What is sent behind an issued certificate. */
  get chain(): readonly CertificateParts[] {
    return this.#state.material.chain
  }

  /** Every certificate that was made, oldest first. */
  list(): Generator<Issuance> {
    return this.#state.issuances.all()
  }

  /** Those that a serial number, a thumbprint or a name stands for. @throws BrokerError CA_CERTIFICATE_UNKNOWN */
  find(which: string): readonly Issuance[] {
    return find(this.#state, which)
  }

  /** One that was issued. @throws BrokerError CA_CERTIFICATE_UNKNOWN when it was not kept. */
  async certificate(serial: string): Promise<CertificateParts> {
    const [certificate] = await this.#state.certificates(issuedFile(serial))
    if (certificate !== undefined) return certificate
    throw new BrokerError('CA_CERTIFICATE_UNKNOWN', `${this.#state.path(issuedFile(serial))} is not there`)
  }

  /** Reads what other processes did. Whatever changes something does so by itself. */
  async refresh(): Promise<void> {
    await this.#exclusively(async () => {})
  }

  async issue(order: Order): Promise<Issued> {
    return await this.#exclusively((state) => issue(state, order))
  }

  /** Makes another for the latest certificate that is meant. */
  async renew(which: string, renewal: Renewal): Promise<Issued> {
    return await this.#exclusively(async (state) =>
      renew(state, await this.certificate(findLatest(state, which).serial), renewal),
    )
  }

  /** Revokes what is meant, and returns it. `rootKey` is the file with the key of the root, for one that issued. */
  async revoke(which: string, reason: RevocationReason, rootKey?: string): Promise<readonly Issuance[]> {
    return await this.#exclusively((state) => revoke(state, which, reason, rootKey))
  }

  /** Has another certificate issue from now on, or a new root as well. */
  async rotate(options: RotateOptions): Promise<void> {
    await this.#exclusively((state) => rotate(state, options))
  }

  /** Signs the revocation lists again when half of their time is over. Returns whether it did. */
  async refreshCrl(): Promise<boolean> {
    return await this.#exclusively(async (state) => {
      if (!(await isCrlDue(state))) return false
      await publishCrls(state, await crlSigners(state))
      return true
    })
  }

  /** The certificate for the listeners of this machine: `current` if that is still good, the one kept, or a new one. */
  async serverCertificate(
    options: ServerCertificateOptions,
    current: ServerCertificate | null = null,
  ): Promise<ServerCertificate> {
    return await this.#exclusively((state) => serverCertificate(state, options, current))
  }

  async #exclusively<Result>(work: (state: AuthorityState) => Promise<Result>): Promise<Result> {
    return await told(this.#state.directory, () =>
      exclusively(this.#state.directory, async () => {
        await this.#state.refresh()
        return await work(this.#state)
      }),
    )
  }
}

/** What the system says of files is for the operator, too. */
async function told<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new BrokerError('CA_UNUSABLE', `the authority in ${directory}: ${error.message}`, { cause: error })
  }
}
