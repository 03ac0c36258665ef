import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { Authority } from '../pki/authority/authority.ts'
import { AuthorityFile, Mode } from '../pki/authority/authority-files.ts'
import { writeDurably } from '../pki/authority/durable-files.ts'
import { certificatesPem, deviceWarning, keyPem, pemOf } from '../pki/certificate/export-formats.ts'
import { readPrivateKey } from '../pki/certificate/private-key.ts'
import { pemBlocks } from '../pki/revocation/revocation-pem.ts'
import { type CaOptions, contextOf, meant, openAuthority, passphraseOf, readBounded } from './ca-access.ts'
import { encoded } from './ca-output.ts'
import { describeCertificate, field, print } from './ca-show.ts'
import { Failure, usageExitCode } from './failure.ts'

export interface ExportOptions extends CaOptions {
  readonly format: 'pem' | 'der' | 'hex'
  readonly out?: string
  readonly rootKey?: boolean
  readonly issuingKey?: boolean
  readonly force?: boolean
}

/** Prints or writes certificates, or a revocation list. A key only when an option asks for it by name, and into a file. */
export async function exportAuthority(what: string | undefined, options: ExportOptions): Promise<void> {
  const { rootKey = false, issuingKey = false } = options
  const authority = await openAuthority(options)
  if (rootKey && issuingKey) throw new Failure('--root-key, --issuing-key: one at a time', usageExitCode)
  if ((rootKey || issuingKey) && what !== undefined)
    throw new Failure('a key is exported alone: leave out what else is to be exported', usageExitCode)
  if (rootKey) return await exportKey(authority, AuthorityFile.rootKey, options)
  if (issuingKey) return await exportKey(authority, AuthorityFile.issuingKey, options)
  const blocks = await contentsOf(authority, what ?? 'bundle')
  const label = what === 'crl' ? 'X509 CRL' : 'CERTIFICATE'
  const contents = options.format === 'pem' ? pem(blocks, label) : alone(blocks, options.format, what ?? 'bundle')
  if (options.out === undefined) process.stdout.write(contents)
  else await write(options.out, contents, Mode.public, options.force === true)
  const warning =
    options.format === 'pem' || what === 'crl' ? null : deviceWarning('authority', blocks[0] ?? Buffer.alloc(0))
  if (warning !== null) console.error(`petaltail: note: ${warning}`)
}

async function contentsOf(authority: Authority, what: string): Promise<readonly Buffer[]> {
  if (what === 'bundle') return authority.trusted.map(({ der }) => der)
  if (what === 'chain') return authority.chain.map(({ der }) => der)
  if (what === 'root') return await inFile(authority, AuthorityFile.root, 'CERTIFICATE')
  if (what === 'issuing') return await inFile(authority, AuthorityFile.issuing, 'CERTIFICATE')
  if (what === 'crl') {
    await authority.refreshCrl()
    return await inFile(authority, AuthorityFile.crl, 'X509 CRL')
  }
  const latest = authority.find(meant(what)).at(-1)
  if (latest === undefined) throw new Failure(`${what}: there is no such certificate`)
  return [(await authority.certificate(latest.serial)).der]
}

async function inFile({ directory }: Authority, name: string, label: string): Promise<Buffer[]> {
  const path = join(directory, name)
  if (!existsSync(path)) throw new Failure(`${path} is not there`)
  return pemBlocks(await readFile(path), label)
}

function pem(blocks: readonly Buffer[], label: string): string {
  return label === 'CERTIFICATE' ? certificatesPem(blocks) : blocks.map((der) => pemOf(der, label)).join('')
}

/** DER holds one thing. */
function alone(blocks: readonly Buffer[], format: 'der' | 'hex', what: string): string | Buffer {
  const [first, ...others] = blocks
  if (first === undefined) throw new Failure(`${what} is empty`)
  if (others.length > 0) throw new Failure(`${what} has ${blocks.length} parts, and ${format} is for one: use pem`)
  return encoded(first, format)
}

async function exportKey(authority: Authority, name: string, options: ExportOptions): Promise<void> {
  const { out, format, force = false } = options
  if (out === undefined) throw new Failure('a key goes into a file: say which with --out', usageExitCode)
  if (format !== 'pem') throw new Failure('a key of an authority is exported as PEM', usageExitCode)
  const path = join(authority.directory, name)
  if (resolve(path) === resolve(out)) throw new Failure(`${out} is where the key is`, usageExitCode)
  const { passphrase } = contextOf(options)
  const key = readPrivateKey(readBounded(path), passphrase, path)
  await write(out, await keyPem(key, passphrase), Mode.key, force)
  const advice = name === AuthorityFile.rootKey ? [`keep ${out} where no network reaches it, and delete ${path}`] : []
  print([`${out}: ${passphrase === null ? 'not encrypted' : 'encrypted with the passphrase'}`, ...advice])
}

async function write(path: string, contents: string | Buffer, mode: number, force: boolean): Promise<void> {
  if (!force && existsSync(path)) throw new Failure(`${path} is there already: choose another name, or say --force`)
  await writeDurably(path, contents, mode)
}

export interface ImportOptions extends CaOptions {
  readonly key?: string
  readonly keyPassphraseFile?: string
}

/** Takes in an authority that was made elsewhere. */
export async function importAuthority(file: string, options: ImportOptions): Promise<void> {
  const context = contextOf(options)
  const passphrase = passphraseOf(options.keyPassphraseFile, 'PETALTAIL_CA_KEY_PASSPHRASE') ?? context.passphrase
  const key = options.key === undefined ? undefined : { bytes: readBounded(options.key), file: options.key, passphrase }
  const authority = await Authority.import(options.dir, { certificates: readBounded(file), file, key }, context)
  const { issuing } = authority
  print(authority.trusted.flatMap(({ facts }) => describeCertificate('trusted', facts)))
  if (issuing !== null) print(describeCertificate('issuing', issuing))
  else print([field('issuing', 'nothing: there is no key. The certificates of these authorities are trusted')])
}
