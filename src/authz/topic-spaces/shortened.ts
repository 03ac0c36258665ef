/** On one line that is not long. */
export function shortened(text: string): string {
  const line = text.slice(0, 500).replace(/\s+/g, ' ').trim()
  return line.length > 160 || text.length > 500 ? `${line.slice(0, 160)}…` : line
}
