import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

const maximumBytes = 262_144

/** How documents are asked for. */
export interface FetchRules {
  /** Milliseconds for all of it, from the name of the server to the last byte. */
  readonly timeout: number
  /** The authorities of the server in PEM, or null for those Node.js trusts. */
  readonly ca: string | null
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

export interface FetchedDocument {
  readonly text: string
  /** Seconds it may be used, as the server says; null when it says nothing. */
  readonly maximumAge: number | null
}

/**
 * Asks a server for a document: one request, whose answer is bounded in time and size. Redirects are not followed, so that
 * nobody but the server that is configured has a say.
 *
 * @throws Error saying what went wrong, for the log.
 */
export async function fetchDocument(url: URL, { timeout, ca, signal }: FetchRules): Promise<FetchedDocument> {
  const late = AbortSignal.timeout(timeout)
  try {
    const response = await answerOf(url, ca, AbortSignal.any([signal, late]))
    const refused = refusalOf(response)
    if (refused !== null) {
      response.destroy()
      throw new Error(refused)
    }
    return { text: await textOf(response), maximumAge: maximumAgeOf(response) }
  } catch (error) {
    throw new Error(`${url.href} ${late.aborted ? `did not answer within ${timeout} ms` : causeOf(error)}`)
  }
}

/** Redirects, and every other answer but 200, have nothing for us. */
function refusalOf({ statusCode = 0, headers }: IncomingMessage): string | null {
  if (statusCode >= 300 && statusCode < 400) return `answered ${statusCode}: redirects are not followed`
  if (statusCode !== 200) return `answered ${statusCode}`
  return headers['content-encoding'] === undefined ? null : 'answered in a content encoding nobody asked for'
}

async function answerOf(url: URL, ca: string | null, signal: AbortSignal): Promise<IncomingMessage> {
  const options = { agent: false as const, signal, headers: { accept: 'application/json', 'user-agent': 'petaltail' } }
  return await new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, ca === null ? options : { ...options, ca }, resolve)
        : httpRequest(url, options, resolve)
    request.on('error', reject)
    request.end()
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  response.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > maximumBytes) response.destroy(new Error(`answered with more than ${maximumBytes} bytes`))
    else chunks.push(chunk)
  })
  await new Promise<void>((resolve, reject) => {
    response.on('error', reject)
    response.once('end', resolve)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new Error('answered with something that is not UTF-8 text')
  }
}

/** What `Cache-Control` and `Age` leave of the time [RFC 9111]. */
function maximumAgeOf({ headers }: IncomingMessage): number | null {
  const control = headers['cache-control'] ?? ''
  if (/\bno-(store|cache)\b/i.test(control)) return 0
  const maximum = /(?:^|[\s,])max-age="?(\d{1,10})\b/i.exec(control)?.[1]
  if (maximum === undefined) return null
  const age = /^\d{1,10}$/.exec(headers.age ?? '')?.[0] ?? '0'
  return Math.max(0, Number(maximum) - Number(age))
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  return code === null ? error.message : `cannot be reached (${code})`
}
