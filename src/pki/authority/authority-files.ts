import { join } from 'node:path'

/** The files in the directory of an authority. */
export const AuthorityFile = {
  /** The certificate of the root, and its key, which need not stay here. */
  root: 'root.pem',
  rootKey: 'root.key',
  /** The certificate that issues, and its key. */
  issuing: 'issuing.pem',
  issuingKey: 'issuing.key',
  /** What is sent behind an issued certificate: the one that issued it, and those by which earlier roots vouch for it. */
  chain: 'chain.pem',
  /** All that issue or issued, for checking clients that send their own certificate alone. */
  issuers: 'issuers.pem',
  /** Every certificate to trust. */
  bundle: 'bundle.pem',
  /** The revocation lists of all that issue or issued, and those of the roots, which are made when their keys are there. */
  crl: 'crl.pem',
  rootCrl: 'root-crl.pem',
  journal: 'journal.jsonl',
  /** The certificate of the broker's own listeners. */
  server: 'server.pem',
  serverKey: 'server.key',
} as const

/** Certificates that were issued, each named for its serial number. */
const issuedFolder = 'issued'
/** Authorities that issue no more. */
export const formerFolder = 'former'

export function issuedFile(serial: string): string {
  return join(issuedFolder, `${serial}.pem`)
}

export const folders = [issuedFolder, formerFolder] as const

/** Files are for whoever runs the authority; keys for nobody else. */
export const Mode = { directory: 0o700, key: 0o600, public: 0o644 } as const
