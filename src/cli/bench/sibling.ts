/** The program beside `module`, which is `.ts` in a checkout and `.js` in the published package. */
export function sibling(module: string, path: string): URL {
  return new URL(`${path}${module.endsWith('.ts') ? '.ts' : '.js'}`, module)
}
