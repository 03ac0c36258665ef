const maximumBytes = 65_536

/**
 * Asks a responder over HTTP [RFC 6960 A.1].
 *
 * @throws Error that says why there is no answer
 */
export async function askResponder(url: string, question: Buffer, timeout: number): Promise<Buffer> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw new Error('it is no http:// or https:// URL')
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
      body: new Uint8Array(question),
      redirect: 'error',
      signal: AbortSignal.timeout(timeout),
    })
    return await bodyOf(response)
  } catch (error) {
    throw new Error(reasonOf(error, timeout), { cause: error })
  }
}

async function bodyOf(response: Response): Promise<Buffer> {
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`it answers with HTTP status ${response.status}`)
  }
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > maximumBytes) throw new Error(`its answer has more than ${maximumBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function reasonOf(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `it did not answer within ${timeout} ms`
  const cause: unknown = error.cause
  return cause instanceof Error ? cause.message : error.message
}
