import { Command } from 'commander'

const examples = `
Editors that use the YAML language server check the configuration while it is written, and complete option names:
  petaltail schema > petaltail.schema.json
and as first line of the configuration:
  # yaml-language-server: $schema=petaltail.schema.json`

export function schemaCommand(): Command {
  const command = new Command('schema').description('print the JSON Schema of the configuration file')
  command.allowExcessArguments(false).addHelpText('after', examples)
  return command.action(async () => {
    const { fileSchema } = await import('../../config/json-schema.ts')
    process.stdout.write(`${JSON.stringify(fileSchema(), null, 2)}\n`)
  })
}
