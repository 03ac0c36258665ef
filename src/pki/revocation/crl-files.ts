import { open } from 'node:fs/promises'
import { fileProblem, tooLarge } from '../../base/bounded-file.ts'
import { BrokerError } from '../../base/errors.ts'
import { DerMistake } from '../certificate/certificate-facts-der.ts'
import { readSignedList, type SignedList } from './crl-read.ts'
import { pemBlocks } from './revocation-pem.ts'

/** About three million serial numbers in PEM. */
const maximumBytes = 192 * 1_048_576
const maximumLists = 1_000

/**
 * Reads the lists of a file: one in DER, or any number in PEM.
 *
 * @throws BrokerError CRL_INVALID
 */
export async function readListFile(path: string): Promise<SignedList[]> {
  const file = await readFile(path)
  const isDer = file[0] === 0x30
  const blocks = isDer ? [file] : pemBlocks(file, 'X509 CRL')
  if (blocks.length === 0 || blocks.length > maximumLists) {
    throw new BrokerError('CRL_INVALID', `${path}: must have revocation lists in PEM, or one in DER`)
  }
  const lists: SignedList[] = []
  for (const [index, block] of blocks.entries()) lists.push(await readList(path, block, blocks.length > 1 ? index : -1))
  return lists
}

async function readList(path: string, block: Buffer, index: number): Promise<SignedList> {
  try {
    return await readSignedList(block)
  } catch (error) {
    if (!(error instanceof DerMistake)) throw error
    const which = index < 0 ? 'the revocation list' : `revocation list ${index + 1}`
    throw new BrokerError('CRL_INVALID', `${path}: ${which} cannot be used: ${error.message}`)
  }
}

async function readFile(path: string): Promise<Buffer> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    if (size > maximumBytes) throw new BrokerError('CRL_INVALID', `${path}: ${tooLarge(maximumBytes)}`)
    const bytes = Buffer.allocUnsafeSlow(size)
    let length = 0
    while (length < size) {
      const { bytesRead } = await file.read(bytes, length, size - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return bytes.subarray(0, length)
  } catch (error) {
    if (error instanceof BrokerError) throw error
    throw new BrokerError('CRL_INVALID', `${path}: ${fileProblem(error)}`, { cause: error })
  }
}
