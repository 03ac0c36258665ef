import { writtenRules } from '../authz/policy/rule.ts'
import { listenerOptionsOf } from '../config/listener-options.ts'
import { allowsAnonymous, refuseUnprotected } from '../config/listeners.ts'
import { loadConfig } from '../config/load.ts'
import type { AccessConfig, Config } from '../config/schema.ts'
import { checkTls } from '../listen/tls-contexts.ts'

/** Prints the listeners of a configuration that is right; throws what is wrong with one that is not, or with its rules. */
export async function check(file: string | undefined): Promise<void> {
  const config = loadConfig({ file, environment: process.env })
  refuseUnprotected(config)
  for (const { tls } of listenerOptionsOf(config)) if (tls !== null) checkTls(tls)
  const rules = config.access === undefined ? [] : await rulesOf(config.access)
  process.stdout.write(`${[...summary(file ?? 'configuration', config), ...rules].join('\n')}\n`)
}

async function rulesOf(access: AccessConfig): Promise<readonly string[]> {
  const { readAccess } = await import('../access.ts')
  const { policy, remarks, close } = await readAccess(access)
  close()
  const hint = remarks.length === 0 ? '' : ', with flaws: "petaltail policy lint" shows them'
  const { length } = writtenRules(policy.rules)
  return [`  access: ${length} ${length === 1 ? 'rule' : 'rules'}${hint}`]
}

function summary(subject: string, config: Config): readonly string[] {
  const lines = config.listeners.map((listener) => {
    const name = listener.name === undefined ? '' : ` (${listener.name})`
    const access = allowsAnonymous(config, listener) ? 'anonymous clients are let in' : 'clients must authenticate'
    return `  ${listener.url}${name}: ${access}`
  })
  return [`${subject}: ok`, ...lines]
}
