import { createSecureContext } from 'node:tls'
import { BrokerError } from '../base/errors.ts'
import { fileProblem, readBoundedFile } from '../config/bounded-file.ts'
import { allowsAnonymous, refuseUnprotected } from '../config/listeners.ts'
import { loadConfig } from '../config/load.ts'
import type { Config, ListenerConfig } from '../config/schema.ts'

const maximumPemBytes = 1_048_576

/** Prints the listeners of a configuration that is right; throws what is wrong with one that is not. */
export function check(file: string | undefined): void {
  const config = loadConfig({ file, environment: process.env })
  refuseUnprotected(config)
  for (const listener of config.listeners) checkCertificates(listener)
  process.stdout.write(`${summary(file ?? 'configuration', config)}\n`)
}

function summary(subject: string, config: Config): string {
  const lines = config.listeners.map((listener) => {
    const name = listener.name === undefined ? '' : ` (${listener.name})`
    const access = allowsAnonymous(config, listener) ? 'anonymous clients are let in' : 'clients must authenticate'
    return `  ${listener.url}${name}: ${access}`
  })
  return [`${subject}: ok`, ...lines].join('\n')
}

function checkCertificates(listener: ListenerConfig): void {
  const { tls } = listener
  if (tls === undefined) return
  for (const files of [tls, ...tls.sni]) checkPair(files.certificate, files.key)
  for (const file of [tls.chain, tls.clientCa, ...tls.sni.map(({ chain }) => chain)]) {
    if (file !== undefined) readPem(file)
  }
}

function checkPair(certificate: string, key: string): void {
  const pair = { cert: readPem(certificate), key: readPem(key) }
  try {
    createSecureContext(pair)
  } catch (cause) {
    const reason = cause instanceof Error && 'reason' in cause ? String(cause.reason) : String(cause)
    throw new BrokerError('TLS_INVALID', `${certificate} and ${key} cannot be used together: ${reason}`, { cause })
  }
}

function readPem(file: string): string {
  let text: string | null
  try {
    text = readBoundedFile(file, maximumPemBytes)
  } catch (cause) {
    throw new BrokerError('TLS_FILE_UNREADABLE', `${file}: ${fileProblem(cause)}`, { cause })
  }
  if (text === null) throw new BrokerError('TLS_INVALID', `${file}: larger than 1 MiB`)
  return text
}
