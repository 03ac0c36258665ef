import { Command } from 'commander'
import { defaultListenerUrls } from '../../config/listeners.ts'
import type { StartOptions } from '../start.ts'

const examples = `
Without --config and --listen the broker listens on this machine only:
  ${defaultListenerUrls.join('\n  ')}

Examples:
  petaltail start --listen mqtt://127.0.0.1:1884
  petaltail start --listen unix:/run/petaltail.sock --listen ws://localhost:9001/mqtt
  petaltail start --listen 'mqtt://*:1883' --allow-anonymous     every machine may connect: only in a network you trust
  PETALTAIL_LIMITS_MAXIMUM_PACKET_SIZE=64KiB petaltail start     each option of the file is a variable, too

The file is YAML; docs/options.md has every option, "petaltail schema" the schema for editors.
SIGINT and SIGTERM close the broker in order; a second one ends it at once.`

export function startCommand(): Command {
  const command = new Command('start').description('run a broker').allowExcessArguments(false)
  command.option('--config <file>', 'YAML file with the configuration')
  command.option(
    '--listen <url>',
    'mqtt://, mqtts://, ws://, wss:// or unix: address to listen on; may be repeated',
    several,
  )
  command.option(
    '--store <folder>',
    'where sessions and messages are kept, or "memory" to keep nothing (default: data)',
  )
  command.option('--allow-anonymous', 'let clients from other machines in without proof of who they are')
  command.option('--log-level <level>', 'trace, debug, info, warn, error or silent')
  return command.addHelpText('after', examples).action(run)
}

/** Loads what only a broker needs when one is started: the other commands begin faster. */
async function run(options: StartOptions): Promise<void> {
  const { start } = await import('../start.ts')
  await start(options)
}

function several(url: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, url]
}
