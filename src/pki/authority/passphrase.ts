import { closeSync, openSync, readSync } from 'node:fs'
import { BrokerError } from '../../base/errors.ts'

const maximum = 65_536

/**
 * The passphrase in a file: its first line.
 *
 * @throws BrokerError CA_PASSPHRASE
 */
export function passphraseIn(file: string): Buffer {
  const text = readStart(file)
  const [line = ''] = text.toString('utf8').split(/\r?\n/, 1)
  if (line === '') throw new BrokerError('CA_PASSPHRASE', `${file}: the passphrase is empty`)
  return Buffer.from(line)
}

function readStart(file: string): Buffer {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const buffer = Buffer.alloc(maximum)
      return buffer.subarray(0, readSync(descriptor, buffer))
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new BrokerError('CA_PASSPHRASE', `${file}: the passphrase cannot be read (${code})`, { cause: error })
  }
}
