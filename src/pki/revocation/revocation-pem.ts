/** The contents of the blocks of a kind in a PEM file [RFC 7468]; those that are not closed are left out. */
export function pemBlocks(file: Buffer, label: string): Buffer[] {
  const blocks: Buffer[] = []
  const begin = `-----BEGIN ${label}-----`
  const end = `-----END ${label}-----`
  for (let at = file.indexOf(begin); at >= 0; ) {
    const start = at + begin.length
    const stop = file.indexOf(end, start)
    if (stop < 0) break
    blocks.push(Buffer.from(file.toString('latin1', start, stop), 'base64'))
    at = file.indexOf(begin, stop + end.length)
  }
  return blocks
}
