import { availableParallelism, loadavg, tmpdir } from 'node:os'
import type { Setup } from './brokers.ts'
import { describeDisk } from './disk.ts'
import type { Plan } from './runs.ts'
import { UsageReader } from './usage.ts'

/** What the reader must know before the first number: who takes part, set how, measured how. */
export function introduction({ scenarios, brokers, rounds, seconds, small }: Plan): string {
  const ruled = scenarios.some(({ load }) => load.named)
  const inMemory = scenarios.some(({ durable, load }) => !durable && !load.named)
  const durable = scenarios.some((scenario) => scenario.durable)
  const extent = `${rounds} round(s), ${seconds} s measured each${small ? ', small sizes' : ''}; medians of the rounds`
  const blind = 'CPU and memory of a broker cannot be read on this system: rates and latency only.'
  return [
    'MQTT 3.1.1, payloads of 64 bytes where a scenario does not say otherwise; all brokers on loopback, TCP_NODELAY, without log.',
    ...(inMemory ? ['Anonymous clients, in memory, nothing on disk:', ...brokers.map(line)] : []),
    ...(durable ? [`Durable, in ${describeDisk(tmpdir())}:`, ...brokers.flatMap((one) => one.durable.map(line))] : []),
    ...(ruled ? ['Clients with user names and passwords:', ...brokers.flatMap((one) => one.ruled.map(line))] : []),
    `${extent}. Load of the machine now: ${loadavg()[0]!.toFixed(2)} on ${availableParallelism()} cores.`,
    ...(new UsageReader([process.pid]).available ? [] : [blind]),
    '',
  ].join('\n')
}

function line({ name, settings }: Setup): string {
  return `  ${name}: ${settings}`
}
