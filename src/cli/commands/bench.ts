import { Command } from 'commander'
import { BrokerError } from '../../base/errors.ts'
import { runBench } from '../bench/bench.ts'
import { type BenchBroker, foreign, peers, petaltail } from '../bench/brokers.ts'
import type { Plan } from '../bench/runs.ts'
import type { Scenario } from '../bench/scenario.ts'
import { chosen, scenarios } from '../bench/scenarios.ts'
import { Failure } from '../failure.ts'

interface BenchOptions {
  readonly scenario?: readonly string[]
  readonly peers?: string
  readonly seconds?: string
  readonly rounds?: string
  readonly json?: string
  readonly baseline?: string
  readonly compare?: string
  readonly target?: string
  readonly pid?: string
  readonly smoke?: boolean
  readonly long?: boolean
}

const examples = `
Scenarios (a name without its number means all of them, "pipe" is pipe-0, pipe-1 and pipe-2):
${scenarios.map(({ name, title }) => `  ${name.padEnd(20)}${title}`).join('\n')}

Examples:
  petaltail bench
  petaltail bench --scenario pipe fanout --peers mosquitto --rounds 5
  petaltail bench --baseline before.json       then change something, and
  petaltail bench --compare before.json
  petaltail bench --target 127.0.0.1:1883 --pid 4711 --scenario pipe-0

CPU is that of the broker's processes, in microseconds per message, connection or subscription. The figure to trust is the
ratio to a peer in the same run. All brokers stop when the command ends, however it ends.`

/** `petaltail bench`: this broker beside others under the same load. Exit code 1 when this broker lost messages. */
export function benchCommand(): Command {
  return new Command('bench')
    .description('measure this broker beside others')
    .option('--scenario <name...>', 'only these scenarios')
    .option('--peers <list>', 'brokers to compare with, by comma: mosquitto,aedes; those not installed are left out')
    .option('--seconds <n>', 'how long each run is measured (default: 4)')
    .option('--rounds <n>', 'how often each broker runs each scenario (default: 3)')
    .option('--json <file>', 'write all figures of all runs')
    .option('--baseline <file>', 'store the medians to compare with later')
    .option('--compare <file>', 'compare with stored medians')
    .option('--target <host:port>', 'measure this running broker instead of our own')
    .option('--pid <n>', 'process of the --target, to read its CPU and memory')
    .option('--long', 'also the scenarios that take many minutes')
    .option('--smoke', 'does it work: small sizes, one round of one second, beside mosquitto')
    .allowExcessArguments(false)
    .addHelpText('after', examples)
    .action(bench)
}

async function bench(options: BenchOptions): Promise<void> {
  const plan: Plan = {
    scenarios: scenariosOf(options),
    brokers: [subjectOf(options), ...peersOf(options)],
    rounds: Math.ceil(positive('--rounds', options.rounds) ?? (options.smoke ? 1 : 3)),
    seconds: positive('--seconds', options.seconds) ?? (options.smoke ? 1 : 4),
    small: options.smoke ?? false,
  }
  const interrupted = (signal: NodeJS.Signals): void => process.exit(signal === 'SIGINT' ? 130 : 143)
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  const { json, baseline, compare } = options
  try {
    const lost = await runBench(plan, { json, baseline, compare })
    if (lost > 0) throw new Failure(`${lost} messages were lost`)
  } finally {
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted)
  }
}

function scenariosOf(options: BenchOptions): readonly Scenario[] {
  const found = chosen(options.scenario ?? [], options.long ?? false)
  if ('unknown' in found) throw usage(`--scenario: there is no scenario "${found.unknown}"`)
  return found
}

function subjectOf({ target, pid }: BenchOptions): BenchBroker {
  if (target === undefined) return petaltail()
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(target) ?? []
  if (host === undefined || Number(port) > 65_535) throw usage(`--target: "${target}" is not host:port`)
  return foreign(host.replace(/^\[(.*)\]$/, '$1'), Number(port), positive('--pid', pid) ?? null)
}

function peersOf(options: BenchOptions): BenchBroker[] {
  const names = (options.peers ?? (options.smoke ? 'mosquitto' : 'mosquitto,aedes')).split(',').filter(Boolean)
  return names.flatMap((name) => {
    const find = Object.hasOwn(peers, name) ? peers[name] : undefined
    if (find === undefined) throw usage(`--peers: "${name}" is not one of ${Object.keys(peers).join(', ')}`)
    const peer = find()
    if (peer === null) console.error(`petaltail: ${name} is not installed and left out`)
    return peer ?? []
  })
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw usage(`${option}: "${text}" is not a number above 0`)
  return value
}

function usage(message: string): BrokerError {
  return new BrokerError('USAGE', message)
}
