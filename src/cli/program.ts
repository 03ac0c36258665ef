import { Command } from 'commander'
import { packageVersion } from '../base/version.ts'
import { caCommand } from './commands/ca.ts'
import { checkCommand } from './commands/check.ts'
import { explainCommand } from './commands/explain.ts'
import { passwdCommand } from './commands/passwd.ts'
import { policyCommand } from './commands/policy.ts'
import { publishCommand } from './commands/pub.ts'
import { schemaCommand } from './commands/schema.ts'
import { startCommand } from './commands/start.ts'
import { storeCommand } from './commands/store.ts'
import { subscribeCommand } from './commands/sub.ts'
import { whyCommand } from './commands/why.ts'
import { groupArguments } from './group-arguments.ts'

const examples = `
Examples:
  petaltail start                                 a broker for this machine: mqtt on 1883, WebSocket on 8083
  petaltail start --config broker.yaml            a broker as the file says
  petaltail check --config broker.yaml            is the file right, and what would it do?
  petaltail explain --client p7 publish a/b       why a client may do something, or may not
  petaltail policy lint broker.yaml               rules that are probably not meant so
  petaltail why pump-7                            what happened to a client, and what to change
  petaltail passwd -c users alice                 users and their passwords, in a file
  petaltail ca issue client pump-7                a certificate for a device
  petaltail store backup /backup/monday           copy the store, also while the broker runs
  petaltail sub -t 'sensors/#' -v                 print what is published
  petaltail pub -t sensors/hall -m 21.5           publish
  petaltail bench                                 what a message costs, here and with other brokers

Every command has its own --help. Options of the configuration: docs/options.md.`

/** The command line of Petaltail. */
async function createProgram(given: readonly string[]): Promise<Command> {
  const program = new Command('petaltail')
  program.description('An MQTT 3.1, 3.1.1 and 5.0 broker, and the commands to try it.')
  program.version(packageVersion(), '--version', 'print the version')
  program.enablePositionalOptions().helpCommand(false).addHelpText('after', examples)
  program
    .addCommand(startCommand())
    .addCommand(checkCommand())
    .addCommand(explainCommand())
    .addCommand(whyCommand())
    .addCommand(policyCommand())
    .addCommand(storeCommand())
    .addCommand(passwdCommand())
    .addCommand(caCommand())
    .addCommand(publishCommand())
    .addCommand(subscribeCommand())
  program.addCommand(await benchmark(given[0] === 'bench')).addCommand(schemaCommand())
  for (const command of [program, ...program.commands]) for (const each of [command, ...command.commands]) behave(each)
  return program
}

/** Runs the command that `given` asks for. */
export async function run(given: readonly string[]): Promise<void> {
  const program = await createProgram(given)
  const command = program.commands.find((candidate) => candidate.name() === given[0])
  const rest = given.slice(1)
  await program.parseAsync(command === undefined ? given : [command.name(), ...groupArguments(command, rest)], {
    from: 'user',
  })
}

/** The bench is large: other commands have only its name. */
async function benchmark(wanted: boolean): Promise<Command> {
  if (!wanted) return new Command('bench').description('measure this broker beside others')
  const { benchCommand } = await import('./commands/bench.ts')
  return benchCommand()
}

/** Nothing but one line on standard error for a mistake, and no exit before main has seen it. */
function behave(command: Command): void {
  command.exitOverride()
  command.showHelpAfterError(false)
  command.configureOutput({
    outputError: (text, write) => write(`petaltail: ${text.replace(/^error: /, '').replace(/\n\(/, ' (')}`),
  })
}
