import { Command, InvalidArgumentError, Option } from 'commander'
import { Failure, usageExitCode } from '../failure.ts'
import type { PolicyDiffOptions } from '../policy-diff.ts'
import { policyKinds } from '../policy-kinds.ts'
import type { PolicyLintOptions } from '../policy-lint.ts'
import type { PolicyTestOptions } from '../policy-test.ts'

const examples = `
POLICY is the configuration of a broker, or a file of rules; what kind of rules, --as says where it does not show.

Examples:
  petaltail policy test --config broker.yaml cases.yaml        do the rules what they are to do?
  petaltail policy test --config rules.yaml cases.yaml --coverage 100
  petaltail policy diff rules.yaml new-rules.yaml --cases cases.yaml
  petaltail policy diff broker.yaml new-broker.yaml --journal data/journal
  petaltail policy lint broker.yaml --strict

Ends with 1 when a case fails, when too few rules are covered, and with --strict when lint has something to say.
docs/policy-tests.md tells how cases are written.`

/** `petaltail policy …`: access rules, before they are in force. */
export function policyCommand(): Command {
  const command = new Command('policy').helpCommand(false).description('test, compare and check access rules')
  command.addCommand(test()).addCommand(diff()).addCommand(lint())
  return command.addHelpText('after', examples)
}

function test(): Command {
  const command = sub('test', 'decide cases, and compare with what is expected').argument(
    '<cases...>',
    'YAML or JSON files',
  )
  command.requiredOption('--config <policy>', 'the rules, or the configuration with them')
  command.option('--coverage <percent>', 'how many of the rules must decide a case', percent)
  return command.action(async (cases: readonly string[], options: PolicyTestOptions) => {
    const { testPolicy } = await import('../policy-test.ts')
    await testPolicy(cases, options)
  })
}

function diff(): Command {
  const command = sub('diff', 'show what is answered otherwise').argument('<old>').argument('<new>')
  command.option('--cases <file>', 'what is asked: the cases of a test')
  command.option('--journal <folder>', 'what is asked: what the journal of a broker has')
  return command.action(async (before: string, after: string, options: PolicyDiffOptions) => {
    const { diffPolicies } = await import('../policy-diff.ts')
    await diffPolicies(before, after, options)
  })
}

function lint(): Command {
  const command = sub('lint', 'find rules that are probably not meant so').argument('[policy]')
  command.option('--config <policy>', 'the same, as other commands take it')
  command.option('--strict', 'end with 1 when something is found')
  return command.action(
    async (policy: string | undefined, options: PolicyLintOptions & { readonly config?: string }) => {
      const { lintPolicy } = await import('../policy-lint.ts')
      const file = policy ?? options.config
      if (file === undefined) throw new Failure('say which rules: petaltail policy lint POLICY', usageExitCode)
      await lintPolicy(file, options)
    },
  )
}

function sub(name: string, description: string): Command {
  const command = new Command(name).description(description).allowExcessArguments(false)
  return command.addOption(new Option('--as <kind>', 'what a file of rules is').choices(policyKinds))
}

function percent(text: string): number {
  const number = Number(text)
  if (!/^\d{1,3}$/.test(text) || number > 100) throw new InvalidArgumentError('it must be a number from 0 to 100.')
  return number
}
