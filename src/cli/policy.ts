import { type Access, readAccess } from '../access.ts'
import { BrokerError } from '../base/errors.ts'
import { readTextFile } from '../base/text-file.ts'
import { loadConfig } from '../config/load.ts'
import { parsePolicyCases } from '../config/policy-test.ts'
import type { PolicyCase } from '../config/policy-test-case.ts'
import { RuleMistakes } from '../config/rule-mistakes.ts'
import type { AccessConfig, Config } from '../config/schema.ts'
import { Failure } from './failure.ts'
import { type PolicyKind, sourceOf } from './policy-kinds.ts'

const maximumBytes = 64 * 1_048_576

/** The rules of a configuration, or of one file. */
export interface PolicyFile extends Access {
  /** Null where there is no configuration around the rules. */
  readonly config: Config | null
}

/** @throws BrokerError as `loadConfig` and `readAccess`; Failure for a configuration without rules. */
export async function readPolicyFile(file: string, kind: PolicyKind | undefined): Promise<PolicyFile> {
  const rules = kind ?? ((await hasRules(file)) ? 'rules' : null)
  if (rules !== null) return { ...(await readAccess(accessOf(sourceOf(rules, file)))), config: null }
  const config = loadConfig({ file, environment: process.env })
  if (config.access === undefined)
    throw new Failure(`${file} has no section "access"; for a file of rules, say --as ${'mosquitto_acl'} or the like`)
  return { ...(await readAccess(config.access)), config }
}

/** Reads the cases of files. @throws BrokerError ACCESS_INVALID with the mistakes of all of them. */
export async function readCases(files: readonly string[]): Promise<PolicyCase[]> {
  const mistakes = new RuleMistakes()
  const cases: PolicyCase[] = []
  for (const file of files) for (const each of parsePolicyCases(await textOf(file), file, mistakes)) cases.push(each)
  mistakes.check()
  return cases
}

/** A configuration has no section "rules" and no section "sets". */
async function hasRules(file: string): Promise<boolean> {
  return /^(?:\uFEFF)?(?:(?:rules|sets)\s*:|\s*\{\s*"?(?:rules|sets)"?\s*:)/m.test(await textOf(file))
}

async function textOf(file: string): Promise<string> {
  const found = await readTextFile(file, maximumBytes)
  if ('text' in found) return found.text
  throw new BrokerError(
    found.problem === 'unreadable' ? 'ACCESS_FILE_UNREADABLE' : 'ACCESS_INVALID',
    `${file}: ${found.cause}`,
  )
}

function accessOf(source: AccessConfig['sources'][number]): AccessConfig {
  return { otherwise: 'deny', sources: [source], deniedMqtt3: 'disconnect', deniedMqtt5: 'answer', tellRules: 'local' }
}
