import { systemClock } from '../base/clock.ts'
import { BrokerError } from '../base/errors.ts'
import { WatchedFiles } from '../base/watched-files.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { withOwnAuthority } from '../own-authority.ts'
import { type PresumedClient, presumeClient } from './explain-client.ts'
import type { ClientOptions } from './explain-given.ts'
import { answerJson } from './explain-json.ts'
import { answerOf } from './explain-request.ts'
import { answerLines } from './explain-text.ts'
import { Failure, usageExitCode } from './failure.ts'

export interface ExplainOptions extends ClientOptions {
  readonly config?: string
  readonly qos: 0 | 1 | 2
  readonly retain?: boolean
  readonly json?: boolean
}

/** Prints why a client may do something or may not, and returns the exit code that says the same. */
export async function explainAccess(
  action: string,
  topic: string | undefined,
  options: ExplainOptions,
): Promise<number> {
  try {
    return await explained(action, topic, options)
  } catch (error) {
    // 1 is an answer: what keeps one from being found must not look like it.
    throw error instanceof BrokerError ? new Failure(error.message, usageExitCode) : error
  }
}

async function explained(action: string, topic: string | undefined, options: ExplainOptions): Promise<number> {
  const config = withOwnAuthority(loadConfig({ file: options.config, environment: process.env }))
  const who = await presumed(options, config)
  const { qos, retain = false } = options
  const answer = await answerOf({ action, topic, qos, retain }, who, config)
  const text = options.json === true ? answerJson(answer) : answerLines(answer).join('\n')
  process.stdout.write(`${text}\n`)
  return answer.allowed ? 0 : 1
}

async function presumed(options: ExplainOptions, config: Config): Promise<PresumedClient> {
  const files = new WatchedFiles()
  try {
    return await presumeClient(options, config, { clock: systemClock(), files })
  } finally {
    files.close()
  }
}
