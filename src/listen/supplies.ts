import type { WatchedFiles } from '../base/watched-files.ts'

/** What a broker with a certificate authority of its own gives to listeners that name no files. */
export interface ServerIdentity {
  /** In PEM: the certificate followed by its chain, and its key. */
  readonly current: { readonly certificate: string; readonly key: string }
  /** In PEM: the authorities of client certificates where a listener names none. */
  readonly authorities: readonly string[]
  /** Calls `changed` whenever one of them did, until the returned function is called. */
  watch(changed: () => void): () => void
}

/** What a listener is given by the broker. */
export interface Supplies {
  /** Watches the certificate files; by default a listener does that for itself. */
  readonly files?: WatchedFiles
  /** Without it every TLS listener needs a certificate in a file. */
  readonly identity?: ServerIdentity
}
