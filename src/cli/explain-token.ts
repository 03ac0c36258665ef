import { openKeys } from '../authn/token/keys-open.ts'
import type { TokenOptions } from '../authn/token/token-options.ts'
import { readTokenClaims } from '../authn/token/token-reading.ts'
import type { PresumeContext, Presumed } from './explain-presumed.ts'
import { Failure, usageExitCode } from './failure.ts'

/** Who a client with a token would be; the signature is checked where the keys are in files. */
export async function presumeToken(
  token: Buffer,
  options: TokenOptions,
  name: string,
  context: PresumeContext,
): Promise<Presumed | null> {
  const { keys: from } = options
  const isLocal = from.jwksFile !== undefined || from.files.length > 0
  const keys = isLocal ? await openKeys(from, context) : null
  const { clock, credentials } = context
  const reading = await readTokenClaims(token, options, { clock, keys, peer: credentials.peer })
  await keys?.close()
  if (reading === 'unknown') {
    context.notes.push(`the token is of an issuer that the authenticator "${name}" does not know`)
    return null
  }
  if ('fault' in reading) throw new Failure(`${reading.fault}: nothing can be said of who sends it`, usageExitCode)
  if (keys === null) context.notes.push(unchecked(from.discovery ?? from.jwksUrl ?? 'a server'))
  return { identity: reading.identity, from: `the claims of the token, read by "${name}"`, refused: reading.refusal }
}

function unchecked(server: string): string {
  return `the signature of the token was not checked: the keys are at ${server}, and nobody was asked`
}
