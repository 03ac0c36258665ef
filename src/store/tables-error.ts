/** The tables could not be read or changed. `code` is that of the operating system, such as `ENOSPC`, or of LMDB. */
export class TablesError extends Error {
  readonly code: string

  constructor(code: string, text: string, options?: ErrorOptions) {
    super(text, options)
    this.name = 'TablesError'
    this.code = code
  }
}
