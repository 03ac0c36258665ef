import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrokerError } from '../../../src/base/errors.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'

type Environment = Readonly<Record<string, string>>

/** A folder that is removed when the scope ends, and a file in it. */
export function temporaryFile(name: string, content: string | Buffer): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'petaltail-'))
  const path = join(folder, name)
  writeFileSync(path, content)
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** The configuration of a YAML text and an environment. */
export function load(text: string, environment: Environment = {}): Config {
  using file = temporaryFile('broker.yaml', text)
  return loadConfig({ file: file.path, environment })
}

/** The mistakes found in a YAML text and an environment, a line each, the folder of the file left out. */
export function mistakes(text: string, environment: Environment = {}): string[] {
  using file = temporaryFile('broker.yaml', text)
  return mistakesOf(() => loadConfig({ file: file.path, environment })).map((line) =>
    line.replace(file.path, 'broker.yaml'),
  )
}

export function mistakesOf(attempt: () => unknown): string[] {
  try {
    attempt()
    return []
  } catch (error) {
    if (error instanceof BrokerError && error.code === 'CONFIG_INVALID') return error.message.split('\n')
    throw error
  }
}
