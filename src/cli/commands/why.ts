import { Command } from 'commander'
import { wholeNumber } from '../client/values.ts'
import type { WhyOptions } from '../why.ts'

const examples = `
Without a client: what was refused, dropped or cut off most often, in the last day.

Examples:
  petaltail why pump-7                                  its last connects, disconnects, refusals and drops, and what to change
  petaltail why pump-7 --since 1h --limit 200
  petaltail why --config broker.yaml                    who has trouble?
  petaltail why pump-7 --json | jq .entries             for programs

The broker may run or not. docs/journal.md tells what is kept, and for how long.`

/** `petaltail why`: what happened to a client, and what to change. */
export function whyCommand(): Command {
  const command = new Command('why').description('tell what happened to a client, why, and what to change')
  command.argument('[client]', 'its client identifier').allowExcessArguments(false)
  command.option('--config <file>', 'the configuration of the broker')
  command.option('--store <folder>', 'the folder of the store, in place of a configuration')
  command.option('--since <duration>', 'only what is not older, such as 90s, 1h or 7d')
  command.option('--limit <count>', 'how many entries', wholeNumber(1, 100_000), 20)
  command.option('--json', 'for programs')
  return command.addHelpText('after', examples).action(async (clientId: string | undefined, options: WhyOptions) => {
    const { why } = await import('../why.ts')
    await why(clientId, options)
  })
}
