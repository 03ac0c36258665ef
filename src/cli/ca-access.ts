import { existsSync, readFileSync, statSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import { BrokerError } from '../base/errors.ts'
import { Authority } from '../pki/authority/authority.ts'
import type { AuthorityContext } from '../pki/authority/authority-state.ts'
import { passphraseIn } from '../pki/authority/passphrase.ts'
import { readAllParts } from '../pki/certificate/certificate-parts.ts'
import { Failure } from './failure.ts'

/** What every `petaltail ca` command may be told. */
export interface CaOptions {
  readonly dir: string
  readonly passphraseFile?: string
}

const maximumFile = 1_048_576

export async function openAuthority(options: CaOptions): Promise<Authority> {
  return await Authority.open(options.dir, contextOf(options))
}

export function contextOf({ passphraseFile }: CaOptions): AuthorityContext {
  return { clock: systemClock(), passphrase: passphraseOf(passphraseFile, 'PETALTAIL_CA_PASSPHRASE') }
}

/**
 * A passphrase out of a file, or out of the variable `name` or the file that `name`_FILE tells; null when there is none.
 * There is no way to give one on the command line, where others could see it.
 */
export function passphraseOf(file: string | undefined, name: string): Buffer | null {
  const path = file ?? process.env[`${name}_FILE`]
  if (path !== undefined) return passphraseIn(path)
  const text = process.env[name]
  if (text === '') throw new Failure(`${name}: the passphrase is empty`)
  return text === undefined ? null : Buffer.from(text)
}

export function readBounded(path: string, maximum = maximumFile): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Failure(`${path}: cannot be read (${code})`)
  }
  if (bytes.length > maximum) throw new Failure(`${path} has more than ${maximum} bytes`)
  return bytes
}

/** Somebody may mean a certificate by a file with it: then by its thumbprint. */
export function meant(which: string): string {
  if (!existsSync(which) || !statSync(which).isFile()) return which
  try {
    const [certificate] = readAllParts(readBounded(which), which)
    return certificate?.facts.sha256 ?? which
  } catch (error) {
    // A file may be called like a device and have nothing to do with certificates.
    if (error instanceof BrokerError) return which
    throw error
  }
}
