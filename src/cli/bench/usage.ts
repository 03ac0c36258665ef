import { readdirSync, readFileSync } from 'node:fs'
import { monotonic } from './time.ts'

// USER_HZ: what the kernel counts in towards user space, 100 on every platform Node runs on.
const tickMicros = 10_000

/** What some processes and the machine have used up to one moment. CPU in µs, memory in bytes, time in ms. */
export interface Usage {
  readonly at: number
  /** utime + stime of the processes and of children they have reaped, in steps of 10 ms. */
  readonly ticks: number
  /** The same of the threads alive, to the nanosecond. */
  readonly exact: number
  readonly rss: number
  readonly machineBusy: number
  readonly machineStolen: number
  readonly generator: number
}

/** Reads CPU and memory of a broker's processes from /proc; where there is none, only time and the generator's own CPU. */
export class UsageReader {
  readonly available: boolean
  readonly #pids: readonly number[]

  /** Follows the given processes and those they have started so far. */
  constructor(pids: readonly number[]) {
    this.available = pids.length > 0 && read('/proc/self/stat') !== ''
    this.#pids = this.available ? withDescendants(pids) : []
  }

  read(): Usage {
    const machine = read('/proc/stat').split('\n', 1)[0]!.split(/\s+/).slice(1).map(Number)
    const self = process.cpuUsage()
    return {
      ticks: sum(this.#pids, ticksOf),
      exact: sum(this.#pids, exactOf),
      rss: sum(this.#pids, rssOf),
      machineBusy: ticks(machine, [0, 1, 2, 5, 6]),
      machineStolen: ticks(machine, [7]),
      generator: self.user + self.system,
      at: monotonic(),
    }
  }
}

/** CPU in µs between two readings: the exact figure where it agrees with the ticks, that is where no thread came or went. */
export function cpuBetween(from: Usage, to: Usage): number {
  const coarse = to.ticks - from.ticks
  const exact = to.exact - from.exact
  const agrees = exact > coarse * 0.98 - 4 * tickMicros && exact < coarse * 1.02 + 4 * tickMicros
  return exact > 0 && agrees ? exact : coarse
}

/** Cores kept busy by anything but broker and generator: where it is high, distrust the run. */
export function otherLoad(from: Usage, to: Usage): number {
  const own = cpuBetween(from, to) + (to.generator - from.generator)
  return Math.max(0, (to.machineBusy - from.machineBusy - own) / ((to.at - from.at) * 1_000))
}

/** Cores the hypervisor gave to others. */
export function stolen(from: Usage, to: Usage): number {
  return (to.machineStolen - from.machineStolen) / ((to.at - from.at) * 1_000)
}

function ticksOf(pid: number): number {
  const fields = statFields(read(`/proc/${pid}/stat`))
  return ticks(fields, [11, 12, 13, 14])
}

function exactOf(pid: number): number {
  return sum(list(`/proc/${pid}/task`), (thread) => {
    const nanos = Number.parseInt(read(`/proc/${pid}/task/${thread}/schedstat`), 10)
    return Number.isNaN(nanos) ? 0 : nanos / 1_000
  })
}

function rssOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))
  return kilobytes === null ? 0 : Number(kilobytes[1]) * 1_024
}

function withDescendants(pids: readonly number[]): number[] {
  const parents = new Map(list('/proc').map((pid) => [pid, statFields(read(`/proc/${pid}/stat`))[1] ?? 0]))
  const family = [...pids]
  for (let index = 0; index < family.length; index++) {
    for (const [pid, parent] of parents) if (parent === family[index] && !family.includes(pid)) family.push(pid)
  }
  return family
}

/** The numbers after the program's name, which may itself hold spaces and brackets. */
function statFields(stat: string): number[] {
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
}

function ticks(fields: readonly number[], which: readonly number[]): number {
  return sum(which, (index) => (fields[index] ?? 0) * tickMicros)
}

function list(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

// Processes come and go between listing and reading, and some systems have no /proc at all.
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

function sum(values: readonly number[], of: (value: number) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
