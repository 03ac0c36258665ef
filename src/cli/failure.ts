import { CommanderError } from 'commander'
import { BrokerError } from '../base/errors.ts'

/** A command that did not do what was asked, for a reason its user can understand. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.name = 'Failure'
    this.exitCode = exitCode
  }
}

/** The exit code of a mistake in the command line. */
export const usageExitCode = 2

/** With `--quiet` a failure shows in the exit code only. */
export async function quietly(options: { readonly quiet?: boolean }, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (options.quiet && error instanceof Failure) throw new Failure('', error.exitCode)
    throw error
  }
}

/** Says on standard error what went wrong, a line for each problem, and answers the exit code. */
export function reportFailure(error: unknown, debug: boolean): number {
  // Commander has printed its help, version or message by itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode
  if (debug && error instanceof Error) console.error(error.stack)
  if (error instanceof Failure) return say(error.message, error.exitCode)
  if (error instanceof BrokerError) return say(error.message, error.code === 'USAGE' ? usageExitCode : 1)
  const text = error instanceof Error ? error.message : String(error)
  return say(`internal error: ${text.split('\n')[0]} (PETALTAIL_DEBUG=1 shows where)`, 1)
}

function say(message: string, exitCode: number): number {
  if (message !== '') for (const line of message.split('\n')) console.error(`petaltail: ${line}`)
  return exitCode
}
