import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Mode } from '../pki/authority/authority-files.ts'
import { writeDurably } from '../pki/authority/durable-files.ts'
import type { Issued } from '../pki/authority/issue.ts'
import {
  certificatesPem,
  deviceWarning,
  type ExportFormat,
  exportFormats,
  keyDer,
  keyPem,
} from '../pki/certificate/export-formats.ts'
import { pkcs12Of } from '../pki/certificate/pkcs12.ts'
import { passphraseOf } from './ca-access.ts'
import { Failure, usageExitCode } from './failure.ts'

/** Where and how a certificate and its key are written. */
export interface OutputOptions {
  readonly out: string
  readonly format: readonly string[]
  readonly keyPassphraseFile?: string
  readonly force?: boolean
}

interface OutputFile {
  readonly path: string
  readonly contents: string | Buffer
  readonly isKey: boolean
}

/** What is to be written, checked before anything is issued. */
export interface Output {
  readonly stem: string
  readonly formats: readonly ExportFormat[]
  readonly passphrase: Buffer | null
  /** Keys that are there already may be replaced. */
  readonly force: boolean
}

/**
 * Finds out where everything goes.
 *
 * @throws Failure when a key would be overwritten, or a passphrase is missing.
 */
export function planOutput(name: string, options: OutputOptions, withKey: boolean, replaces: boolean): Output {
  const formats = formatsOf(options.format)
  const passphrase = passphraseOf(options.keyPassphraseFile, 'PETALTAIL_CA_KEY_PASSPHRASE')
  if (formats.includes('p12') && !withKey)
    throw new Failure('p12 holds a key, too, and there is none here', usageExitCode)
  if (formats.includes('p12') && passphrase === null)
    throw new Failure(
      'p12 needs a passphrase: give --key-passphrase-file, or PETALTAIL_CA_KEY_PASSPHRASE',
      usageExitCode,
    )
  const stem = join(options.out, fileNameOf(name))
  const force = options.force === true
  const paths = formats.flatMap((format) => pathsOf(stem, format, withKey, replaces || force))
  prepareFolder(options.out)
  const taken = force ? undefined : paths.find((path) => existsSync(path))
  if (taken !== undefined)
    throw new Failure(`${taken} is there already: choose another folder with --out, or say --force`)
  return { stem, formats, passphrase, force }
}

/** A certificate must not be made when there is no place for its key. */
function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Failure(`${folder}: cannot be written to (${code})`)
  }
}

/** Writes certificate and key; answers which files these are, and what is worth knowing of them. */
export async function writeOutput(
  name: string,
  { stem, formats, passphrase }: Output,
  issued: Issued,
): Promise<{ readonly files: readonly string[]; readonly warnings: readonly string[] }> {
  const files = (await Promise.all(formats.map((format) => filesIn(name, stem, format, passphrase, issued)))).flat()
  for (const { path, contents, isKey } of files) await writeDurably(path, contents, isKey ? Mode.key : Mode.public)
  const isForDevices = formats.includes('der') || formats.includes('hex')
  return { files: files.map(({ path }) => path), warnings: isForDevices ? warningsOf(issued) : [] }
}

function warningsOf({ certificate, chain, privateKey }: Issued): string[] {
  const key = privateKey?.export({ type: 'pkcs8', format: 'der' })
  return [
    deviceWarning('certificate', certificate.der),
    ...chain.map(({ der }) => deviceWarning('authority', der)),
    key === undefined ? null : deviceWarning('key', key),
  ].filter((warning) => warning !== null)
}

async function filesIn(
  name: string,
  stem: string,
  format: ExportFormat,
  passphrase: Buffer | null,
  { certificate, chain, privateKey }: Issued,
): Promise<OutputFile[]> {
  const above = chain.map(({ der }) => der)
  const certificatePath = `${stem}.${format === 'hex' ? 'hex' : format}`
  if (format === 'p12') {
    if (privateKey === null || passphrase === null) return []
    const contents = { name, key: privateKey, certificate: certificate.der, chain: above }
    return [{ path: certificatePath, contents: await pkcs12Of(contents, passphrase), isKey: true }]
  }
  const key = privateKey === null ? [] : [await keyFile(stem, format, passphrase, privateKey)]
  if (format === 'pem')
    return [{ path: certificatePath, contents: certificatesPem([certificate.der, ...above]), isKey: false }, ...key]
  return [{ path: certificatePath, contents: encoded(certificate.der, format), isKey: false }, ...key]
}

async function keyFile(
  stem: string,
  format: 'pem' | 'der' | 'hex',
  passphrase: Buffer | null,
  key: NonNullable<Issued['privateKey']>,
): Promise<OutputFile> {
  const path = `${stem}.key${format === 'pem' ? '' : `.${format}`}`
  const contents = format === 'pem' ? await keyPem(key, passphrase) : encoded(await keyDer(key, passphrase), format)
  return { path, contents, isKey: true }
}

/** DER, or its digits in lower case, as consoles of devices take them. */
export function encoded(der: Buffer, format: 'der' | 'hex'): string | Buffer {
  return format === 'der' ? der : `${der.toString('hex')}\n`
}

/** The files that must not be there: a certificate that follows another may take its place, a key may not. */
function pathsOf(stem: string, format: ExportFormat, withKey: boolean, replaces: boolean): string[] {
  if (format === 'p12') return [`${stem}.p12`]
  const key = withKey ? [`${stem}.key${format === 'pem' ? '' : `.${format}`}`] : []
  return replaces ? key : [`${stem}.${format}`, ...key]
}

function formatsOf(given: readonly string[]): ExportFormat[] {
  const names = given.length === 0 ? ['pem'] : given.flatMap((text) => text.split(','))
  return [...new Set(names)].map((name) => {
    const format = exportFormats.find((known) => known === name)
    if (format === undefined)
      throw new Failure(`--format: ${name} is none of ${exportFormats.join(', ')}`, usageExitCode)
    return format
  })
}

/** A name of a device may have any characters; that of a file has those which mean nothing to a shell. */
function fileNameOf(name: string): string {
  const plain = name.replace(/[^\w.@-]/g, '_').replace(/^[.-]/, '_')
  return plain.slice(0, 100)
}
