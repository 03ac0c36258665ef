import { readNeededFile } from '../../base/bounded-file.ts'
import type { Clock } from '../../base/clock.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { parseKeySet } from './jwks.ts'
import { RemoteKeys } from './jwks-remote.ts'
import type { KeySource } from './keys.ts'
import { type FetchedDocument, type FetchRules, fetchDocument } from './keys-fetch.ts'
import { openFileKeys } from './keys-file.ts'
import { parsePemKeys } from './keys-pem.ts'
import { discoveryUrl, keySetUrl } from './oidc-discovery.ts'
import type { TokenKeyOptions } from './token-options.ts'

const maximumCaBytes = 1_048_576

interface Context {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

/**
 * Opens the source of keys the options name. A server that does not answer is asked again later; it must not keep the
 * broker from starting.
 *
 * @throws BrokerError TOKEN_KEYS_UNUSABLE when a file cannot be used.
 */
export async function openKeys(options: TokenKeyOptions, context: Context): Promise<KeySource> {
  const { files, jwksFile, discovery, jwksUrl } = options
  if (files.length > 0) return openFileKeys(files, parsePemKeys, context)
  if (jwksFile !== undefined) return openFileKeys([jwksFile], (text) => parseKeySet(text).keys, context)
  authorities(options.ca)
  const stop = new AbortController()
  const rules = () => ({ timeout: options.timeout, ca: authorities(options.ca), signal: stop.signal })
  const fetch =
    discovery === undefined
      ? async () => await fetchDocument(new URL(jwksUrl ?? ''), rules())
      : async () => await discover(discovery, options.allowHttp, rules())
  const keys = new RemoteKeys(fetch, () => stop.abort(), options, context)
  await keys.refresh()
  return keys
}

/** The discovery document is read each time: keys may move. */
async function discover(issuer: string, allowHttp: boolean, rules: FetchRules): Promise<FetchedDocument> {
  const { text } = await fetchDocument(discoveryUrl(issuer), rules)
  return await fetchDocument(keySetUrl(issuer, text, allowHttp), rules)
}

/** Read for each fetch, as it may have been replaced. */
function authorities(path: string | undefined): string | null {
  if (path === undefined) return null
  const text = readNeededFile(path, maximumCaBytes, 'TOKEN_KEYS_UNUSABLE')
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new BrokerError('TOKEN_KEYS_UNUSABLE', `${path}: there is no PEM certificate in it`)
}
