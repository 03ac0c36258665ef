import { listenerOptionsOf } from '../config/listener-options.ts'
import { allowsAnonymous, refuseUnprotected } from '../config/listeners.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { checkTls } from '../listen/tls-contexts.ts'

/** Prints the listeners of a configuration that is right; throws what is wrong with one that is not. */
export function check(file: string | undefined): void {
  const config = loadConfig({ file, environment: process.env })
  refuseUnprotected(config)
  for (const { tls } of listenerOptionsOf(config)) if (tls !== null) checkTls(tls)
  process.stdout.write(`${summary(file ?? 'configuration', config)}\n`)
}

function summary(subject: string, config: Config): string {
  const lines = config.listeners.map((listener) => {
    const name = listener.name === undefined ? '' : ` (${listener.name})`
    const access = allowsAnonymous(config, listener) ? 'anonymous clients are let in' : 'clients must authenticate'
    return `  ${listener.url}${name}: ${access}`
  })
  return [`${subject}: ok`, ...lines].join('\n')
}
