import { Command } from 'commander'

const examples = `
Prints "ok" and the listeners the broker would have, or every mistake with line and column, those of access rules too.
Environment variables (PETALTAIL_…) count as they do for "petaltail start".

Example:
  petaltail check --config broker.yaml && systemctl restart petaltail`

export function checkCommand(): Command {
  const command = new Command('check').description('check a configuration without starting the broker')
  command.allowExcessArguments(false).option('--config <file>', 'YAML file with the configuration')
  return command.addHelpText('after', examples).action(async (options: { readonly config?: string }) => {
    const { check } = await import('../check.ts')
    await check(options.config)
  })
}
