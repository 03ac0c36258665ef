import { Ajv } from 'ajv'
import { BrokerError } from '../base/errors.ts'
import { accessSchema } from './access-schema.ts'
import { type AccessSourceConfig, checkAccess } from './access-sources.ts'
import { ownKeywords } from './option.ts'
import type { AccessConfig } from './schema.ts'

interface FileSource {
  /** Path of a file, which is read again when it changes. */
  readonly file: string
}

/** Where rules come from: exactly one of these. */
export interface RuleSourceOptions {
  /** What logs call it. */
  readonly name?: string
  readonly rules?: FileSource
  readonly mosquittoAcl?: FileSource
  readonly orderedRules?: FileSource
  readonly topicSpaces?: { readonly files: readonly string[]; readonly fanoutChecks?: boolean }
  readonly rolePatterns?: FileSource
  readonly permissions?: Readonly<Record<string, never>>
  readonly http?: { readonly url: string } & Partial<NonNullable<AccessSourceConfig['http']>>
}

/** Rules for a broker in a program: the section `access` of a configuration, names in camelCase. */
export interface RulesOptions {
  /** Looked at in this order: the first rule that matches decides. */
  readonly sources: readonly RuleSourceOptions[]
  /** What holds for everything no rule is about. Default: `deny`. */
  readonly otherwise?: 'deny' | 'allow'
  /** Default: `any` where every source is a `mosquittoAcl`, else `contained`. */
  readonly subscriptions?: 'contained' | 'overlapping' | 'any'
}

/** Fills in the defaults. @throws BrokerError SETTINGS_INVALID when something is missing or wrong. */
export function accessOf(options: RulesOptions): AccessConfig {
  const ajv = new Ajv({ useDefaults: true })
  for (const keyword of ownKeywords) ajv.addKeyword(keyword)
  const isAccess = ajv.compile<AccessConfig>(accessSchema)
  const candidate: unknown = structuredClone(options)
  if (!isAccess(candidate)) throw new BrokerError('SETTINGS_INVALID', `the rules: ${ajv.errorsText(isAccess.errors)}`)
  const problem = checkAccess({ access: candidate })[0]
  if (problem !== undefined) throw new BrokerError('SETTINGS_INVALID', `a source of rules ${problem.message}`)
  return candidate
}
