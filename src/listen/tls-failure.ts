/** Why a TLS handshake failed, in plain words, from the error OpenSSL or Node gave. */
export function tlsFailure(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown cause'
  const code: unknown = Reflect.get(error, 'code')
  const known = typeof code === 'string' ? causes.get(code) : undefined
  if (known !== undefined) return known
  const reason: unknown = Reflect.get(error, 'reason') ?? Reflect.get(error, 'message')
  return typeof reason === 'string' && reason !== '' ? reason : String(code)
}

/** Why a client certificate was not accepted, from the code of its verification; null for one that is not there. */
export function certificateFailure(code: string | null): string {
  if (code === null) return 'the client sent no certificate'
  return verifications.get(code) ?? `the client certificate was not accepted (${code})`
}

const causes: ReadonlyMap<string, string> = new Map([
  ['ECONNRESET', 'the client closed the connection during the handshake'],
  ['ERR_SSL_HTTP_REQUEST', 'the client speaks HTTP without TLS'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the client does not speak TLS'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'the client does not speak TLS'],
  ['ERR_SSL_RECORD_LAYER_FAILURE', 'the client does not speak TLS'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'the client offers only TLS versions that are not allowed here'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'client and server have no cipher in common'],
  ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'client and server have no signature algorithm in common'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'the client offers only application protocols (ALPN) that are not known here'],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'the client sent no certificate'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the client does not trust the authority of our certificate'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'the client does not support the TLS versions allowed here'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'the client does not accept our certificate'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'the client does not accept our certificate'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'the client finds our certificate expired'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'the client ended the handshake'],
  ['ERR_TLS_SESSION_ATTACK', 'the client renegotiated too often'],
])

const verifications: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'the client certificate has expired'],
  ['CERT_NOT_YET_VALID', 'the client certificate is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the client certificate is signed by itself'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the authority of the client certificate is not trusted here'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the authority of the client certificate is not known here'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the authority of the client certificate is not known here'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the authority of the client certificate is not known here'],
  ['INVALID_PURPOSE', 'the client certificate is not meant for clients'],
])
