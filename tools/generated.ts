import { readFileSync, writeFileSync } from 'node:fs'

/** A file this repository generates, by its path from the top. */
export interface Generated {
  readonly path: string
  readonly content: string
}

/** Writes the files; with `--check` on the command line, only says which are stale, and fails when there are any. */
export function writeOrCheck(files: readonly Generated[]): void {
  const check = process.argv.includes('--check')
  for (const { path, content } of files) {
    const place = new URL(`../${path}`, import.meta.url)
    if (!check) writeFileSync(place, content)
    else if (current(place) !== content) {
      console.error(`${path} is stale: run node ${process.argv[1]?.replace(/^.*\/tools\//, 'tools/')}`)
      process.exitCode = 1
    }
  }
}

function current(place: URL): string | null {
  try {
    return readFileSync(place, 'utf8')
  } catch {
    return null
  }
}
