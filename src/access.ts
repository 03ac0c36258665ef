import type { Policy, PolicyOptions } from './authz/policy/policy.ts'
import type { Remark } from './authz/policy/source.ts'
import { fixedSource, type RuleSource } from './authz/rule-source.ts'
import { openRulesAuthorizer, readPolicy } from './authz/rules-authorizer.ts'
import { type Clock, systemClock } from './base/clock.ts'
import { type Log, silentLog } from './base/log.ts'
import { WatchedFiles } from './base/watched-files.ts'
import { accessOf, type RulesOptions } from './config/access-options.ts'
import { type AccessSourceConfig, accessSourceName, filesOf, subscriptionsOf } from './config/access-sources.ts'
import type { AccessConfig } from './config/schema.ts'
import type { Authorizer } from './engine/ports.ts'

export interface AccessContext {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

/** The rules as they are now. */
export interface Access {
  readonly policy: Policy
  readonly remarks: readonly Remark[]
  /** Lets go of connections to services that were asked. */
  close(): void
}

/**
 * Reads the files of all sources once and compiles them.
 *
 * @throws BrokerError ACCESS_FILE_UNREADABLE or ACCESS_INVALID with every mistake of the files on a line of its own;
 * others when a file of an HTTP source cannot be used.
 */
export async function readAccess(access: AccessConfig): Promise<Access> {
  using opened = new DisposableStack()
  const files = opened.adopt(new WatchedFiles(), (watched) => watched.close())
  const context = { log: silentLog, clock: systemClock(), files }
  const sources = await openSources(access, context, opened)
  const { policy, remarks } = await readPolicy(sources, optionsOf(access), context)
  const kept = opened.move()
  return { policy, remarks, close: () => kept.dispose() }
}

/**
 * Opens the rules for a broker: files are read again when they change, and services are asked.
 *
 * @throws BrokerError as `readAccess`; nothing is left open then.
 */
export async function openAccess(access: AccessConfig, context: AccessContext): Promise<Authorizer> {
  using opened = new DisposableStack()
  const sources = await openSources(access, context, opened)
  const authorizer = await openRulesAuthorizer(sources, optionsOf(access), context)
  opened.move()
  return authorizer
}

/**
 * Opens rules for a broker in a program: give the result to `createBroker` as `authorizer`, which closes it.
 *
 * @example
 * ```ts
 * const authorizer = await openRules({ sources: [{ rules: { file: 'rules.yaml' } }] })
 * await using broker = await createBroker({ listen: ['mqtt://127.0.0.1:0'], authorizer })
 * ```
 * @throws BrokerError SETTINGS_INVALID when the options are wrong, else as the files are: ACCESS_FILE_UNREADABLE, ACCESS_INVALID.
 */
export async function openRules(options: RulesOptions, log: Log = silentLog): Promise<Authorizer> {
  using opened = new DisposableStack()
  const access = accessOf(options)
  const files = opened.adopt(new WatchedFiles(), (watched) => watched.close())
  const context = { log, clock: systemClock(), files }
  const sources = await openSources(access, context, opened)
  // The authorizer closes its sources, and with them the watch on their files.
  const watch = fixedSource('files', { rules: [], remarks: [] }, () => files.close())
  const authorizer = await openRulesAuthorizer([...sources, watch], optionsOf(access), context)
  opened.move()
  return authorizer
}

function optionsOf(access: AccessConfig): PolicyOptions {
  return { otherwise: access.otherwise, subscriptions: subscriptionsOf(access) }
}

/** Whoever disposes of `opened` closes them. */
async function openSources(
  access: AccessConfig,
  context: AccessContext,
  opened: DisposableStack,
): Promise<readonly RuleSource[]> {
  const sources: RuleSource[] = []
  for (const each of access.sources)
    sources.push(opened.adopt(await openSource(each, context), (source) => source.close()))
  return sources
}

/** What a kind of source needs is loaded only where it is configured. */
async function openSource(source: AccessSourceConfig, context: AccessContext): Promise<RuleSource> {
  const name = accessSourceName(source)
  const { http, permissions } = source
  if (http !== undefined) return (await import('./authz/http/http-source.ts')).openHttpSource(http, name, context)
  if (permissions !== undefined)
    return fixedSource(name, (await import('./authz/permissions/permissions.ts')).carriedPermissions)
  return { name, files: filesOf(source), read: await readerOf(source), close: () => {} }
}

async function readerOf(source: AccessSourceConfig): Promise<RuleSource['read']> {
  const { rules, mosquittoAcl, orderedRules, topicSpaces, rolePatterns } = source
  if (rules !== undefined) return (await import('./authz/rules/rules.ts')).readRules
  if (mosquittoAcl !== undefined) return (await import('./authz/mosquitto-acl/mosquitto-acl.ts')).readMosquittoAcl
  if (orderedRules !== undefined) return (await import('./authz/ordered-rules/ordered-rules.ts')).readOrderedRules
  if (rolePatterns !== undefined) return (await import('./authz/role-patterns/role-patterns.ts')).readRolePatterns
  if (topicSpaces === undefined) throw new Error('a source without a section')
  return (await import('./authz/topic-spaces/topic-spaces.ts')).readTopicSpaces(topicSpaces)
}
