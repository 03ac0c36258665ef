import { Argument, Command } from 'commander'
import { qosLevel, repeated } from '../client/values.ts'
import type { ExplainOptions } from '../explain.ts'

const actions = ['connect', 'publish', 'subscribe', 'receive', 'will']

const examples = `
Asks the rules of a configuration, and says which of them decides, which came before it, and which nearly did. No broker has
to run, and nobody is asked over the network but the services that are part of the rules.

Who the client would be is found in the files of the authenticators: --user is looked up among users and devices, as if its
password were right; --cert and --token are read as the broker would. What cannot be known is said. --role, --group and
--attribute come on top of that. Of an attribute, NAME=TEXT is a text (a list when it is given several times), NAME:=3 a number.

TOPIC is a topic name, for subscribe a topic filter, and for connect there is none.

Exit code: 0 allowed, 1 denied, 2 no answer, because of a mistake here, in the configuration or in the rules.

Examples:
  petaltail explain --config broker.yaml --client pump-7 --user alice publish sensors/hall
  petaltail explain --config broker.yaml --client pump-7 --cert pump-7.pem subscribe 'plant/#'
  petaltail explain --config broker.yaml --client app --token-file token.jwt --listener public receive plant/3/state
  petaltail explain --config broker.yaml --client pump-7 --user alice --qos 2 --retain --json publish sensors/hall | jq .why`

/** `petaltail explain`: why a client may do something, or may not. */
export function explainCommand(): Command {
  const command = new Command('explain').description('say why a client may do something, or may not')
  command.addArgument(new Argument('<action>', 'what the client wants to do').choices(actions))
  command.argument('[topic]', 'topic name; for subscribe a topic filter')
  command.option('--config <file>', 'YAML file with the configuration')
  command.requiredOption('--client <id>', 'client identifier')
  command.option('--user <name>', 'user name, with the right password')
  command.option('--cert <file>', 'certificate it shows, PEM or DER, with those above it')
  command.option('--token <token>', 'JSON Web Token it shows; others on the machine can see it')
  command.option('--token-file <file>', 'file with the token')
  command.option('--anonymous', 'it proves nothing (the default without user, certificate and token)')
  command.option('--role <role>', 'role it has; may be repeated', repeated, [])
  command.option('--group <group>', 'group it is in; may be repeated', repeated, [])
  command.option('--attribute <name=value>', 'attribute it has; may be repeated', repeated, [])
  command.option('--listener <name>', 'name or URL of the listener (default: the first that fits)')
  command.option('--address <ip>', 'where it comes from (default: 127.0.0.1)')
  command.option('-q, --qos <qos>', 'QoS it publishes or subscribes with', qosLevel, 0)
  command.option('-r, --retain', 'it publishes with RETAIN')
  command.option('--json', 'print JSON')
  command.allowExcessArguments(false).addHelpText('after', examples)
  return command.action(run)
}

async function run(action: string, topic: string | undefined, options: ExplainOptions): Promise<void> {
  const { explainAccess } = await import('../explain.ts')
  process.exitCode = await explainAccess(action, topic, options)
}
