const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'does not listen',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  ENOTFOUND: 'has a name that is not known',
  EAI_AGAIN: 'has a name that cannot be looked up now',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'cannot be reached',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate of its own making',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate of an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate of an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate of an authority that is not trusted here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
}

/** What a server did that could not be asked, to stand behind its name. */
export function failureText(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  if (code === null) return `cannot be asked (${plain(error.message, 100)})`
  if (code.startsWith('HPE_')) return `does not speak HTTP (${code})`
  const known = words[code]
  return known === undefined ? `cannot be asked (${code})` : `${known} (${code})`
}

/** Text of somebody else, for a line of a log: short, and without control characters. */
export function plain(text: string, length: number): string {
  const line = text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
  return line.length > length ? `${line.slice(0, length - 1).toWellFormed()}…` : line
}
