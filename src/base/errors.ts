/** Every error an operator or embedder can meet: its stable code, and what to do about it. Generates docs/errors.md. */
export const errorTable = {
  CONFIG_FILE_UNREADABLE: 'The configuration file cannot be read. Check the path and its permissions.',
  CONFIG_INVALID: 'The configuration has a mistake. The message names file, line, column and the accepted values.',
  LISTEN_ADDRESS_IN_USE: 'Another program listens on this address. Stop it, or choose another port with --listen.',
  LISTEN_ADDRESS_UNAVAILABLE: 'The address does not exist on this machine or may not be used. Check host and port.',
  LISTEN_PERMISSION: 'The operating system does not allow this address. Ports under 1024 need a privilege.',
  LISTEN_FAILED: 'The listener could not start. The message has the cause given by the operating system.',
  TLS_FILE_UNREADABLE: 'A certificate or key file cannot be read. Check the path and its permissions.',
  TLS_INVALID:
    'A certificate or key cannot be used. Check that it is PEM and that key and certificate belong together.',
  CERTIFICATE_LIST_INVALID:
    'A list of authorized or revoked certificates cannot be used. The message names file, line and what is accepted.',
  CRL_INVALID: 'A certificate revocation list cannot be used. The message names the file and what is wrong with it.',
  DEVICES_INVALID:
    'The registry of devices has a mistake. The message names the file, the line or the number of the device.',
  USERS_FILE_UNREADABLE: 'A file of users and passwords cannot be read. Check the path and its permissions.',
  USERS_FILE_INVALID: 'A file of users and passwords has a mistake. The message names file and line, and what to do.',
  AUTHENTICATION_FILE_UNREADABLE:
    'A file with the value of a header for HTTP authentication cannot be read. Check the path and its permissions.',
  AUTHENTICATION_FILE_INVALID:
    'A file cannot be the value of a header for HTTP authentication: it must be one line of ASCII.',
  ACCESS_FILE_UNREADABLE: 'A file with access rules cannot be read. Check the path and its permissions.',
  ACCESS_INVALID: 'A file with access rules has a mistake. The message names file, line and column, and what to do.',
  ACCESS_NOT_CONFIGURED:
    'A listener that other machines can reach has no access rules. Add rules, or say "access: { otherwise: allow }".',
  CA_MISSING: 'There is no certificate authority in this directory. Check --dir, or make one: "petaltail ca init".',
  CA_EXISTS: 'There is a certificate authority, or a key, already. Choose another directory or file.',
  CA_BUSY: 'Another process works on this certificate authority and does not come to an end. Look what it does.',
  CA_UNUSABLE:
    'A file of the certificate authority cannot be used. The message names it, and says what is wrong and what to do.',
  CA_KEY_MISSING:
    'The key that is needed is not there. The message says which: that of the root may be kept elsewhere, see --root-key.',
  CA_PASSPHRASE: 'A key is encrypted, and its passphrase is missing or wrong. Check --passphrase-file.',
  CA_REQUEST_INVALID: 'What was asked of the certificate authority is not possible. The message says why.',
  CA_CERTIFICATE_UNKNOWN: 'The certificate authority has no such certificate. "petaltail ca list" shows what it has.',
  ANONYMOUS_NOT_LOOPBACK:
    'A listener that other machines can reach has no authentication. Bind it to loopback, or say --allow-anonymous.',
  USAGE: 'The command line has a mistake. Run the command with --help.',
  SETTINGS_INVALID: 'A setting given to createBroker does not exist or is not a whole number. The message names it.',
  BROKER_CLOSED: 'The broker was closed; it takes no more calls.',
  STORE_LOCKED: 'Another process has this store open. Stop it, or choose another directory with --store.',
  STORE_DAMAGED:
    'The store is damaged: "petaltail store check" says how. A broker that is started with it keeps what can be read.',
  STORE_EXISTS: 'There is a store already. Choose another directory, or say --force to have it moved aside.',
  STORE_MISSING: 'There is no store in this directory. Check the path given with --store.',
  STORE_TOO_NEW: 'A later version wrote this store. Start that version, or choose another directory with --store.',
  STORE_UNUSABLE:
    'The store cannot be opened. The message has the cause: check its path, permissions and the free disk space.',
  TOKEN_KEYS_UNUSABLE:
    'A file with the keys that tokens are checked with cannot be used. The message names the file and what is wrong.',
  NOT_AUTHORIZED: 'The access rules do not allow this. The message names the rule that decided, if one did.',
  TOPIC_INVALID: 'The topic name or topic filter is not valid [MQTT 4.7].',
  NODE_TOO_OLD: 'Petaltail needs Node.js 24 or later.',
} as const

export type ErrorCode = keyof typeof errorTable

/** An error the operator or the embedding program can do something about. `code` is stable across versions. */
export class BrokerError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BrokerError'
    this.code = code
  }
}
