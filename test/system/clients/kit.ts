import { setTimeout as sleep } from 'node:timers/promises'
import { type Broker, createBroker, type ListenRequest } from '../../../src/index.ts'
import { installed, type Outcome, Program } from '../cli-kit.ts'

/** A broker of ours for the clients of others, and how to know what they have done so far. */
export class Host implements AsyncDisposable {
  readonly broker: Broker

  private constructor(broker: Broker) {
    this.broker = broker
  }

  static async open(...listen: readonly (string | ListenRequest)[]): Promise<Host> {
    return new Host(await createBroker({ listen: listen.length > 0 ? listen : ['mqtt://127.0.0.1:0'] }))
  }

  /** The port of the nth listener. */
  port(index = 0): string {
    return String(this.broker.addresses[index]?.port)
  }

  /** Runs `act` and resolves when so many more filters are subscribed to than before. */
  async subscribed<T>(filters: number, act: () => T): Promise<T> {
    const { counters } = this.broker
    const wanted = counters.subscribesAccepted + filters
    const result = act()
    await until(() => counters.subscribesAccepted >= wanted)
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close()
  }
}

/** Resolves when the condition is met. It must be: the test runner's time limit is the only other end. */
async function until(met: () => boolean): Promise<void> {
  while (!met()) await sleep(5)
}

/** Why tests of these programs are skipped, false when all of them are here. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((program) => installed(program) === null)
  return absent.length > 0 && `${absent.join(' and ')} ${absent.length > 1 ? 'are' : 'is'} not installed`
}

/** Starts a program that is killed when the scope ends. */
export function client(name: string, given: readonly string[], input: string | Buffer = ''): Program {
  return new Program(installed(name) ?? name, given, { input })
}

/** Runs a program to its end, which must be a good one. */
export async function finish(program: Program): Promise<Outcome> {
  await using running = program
  const outcome = await running.ended
  if (outcome.code !== 0) throw new Error(`ended with ${outcome.code}: ${outcome.stdout}${outcome.stderr}`)
  return outcome
}
