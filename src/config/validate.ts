import { Ajv, type ErrorObject } from 'ajv'
import { checkAccess } from './access-sources.ts'
import { parseListenAddress } from './address.ts'
import { checkAuthenticators } from './authenticators.ts'
import { accepted, written } from './describe.ts'
import { listenerSchema } from './listener-schema.ts'
import { checkListeners } from './listeners.ts'
import { fileName, type Path } from './names.ts'
import { type OptionNode, ownKeywords } from './option.ts'
import { type Problem, shown } from './problem.ts'
import { type Config, configSchema, type ListenerConfig } from './schema.ts'

/** Fills in the defaults and checks every value; what is wrong is added to `problems`, and the result is null. */
export function validate(candidate: unknown, problems: Problem[]): Config | null {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true })
  for (const keyword of ownKeywords) ajv.addKeyword(keyword)
  ajv.addFormat('listener-url', (text: string) => typeof parseListenAddress(text) !== 'string')
  const isConfig = ajv.compile<Config>(configSchema)
  if (isConfig(candidate)) {
    const mismatches = [
      ...checkListeners(candidate.listeners),
      ...checkAuthenticators(candidate),
      ...checkAccess(candidate),
    ]
    problems.push(...mismatches)
    return mismatches.length === 0 ? candidate : null
  }
  for (const error of isConfig.errors ?? []) problems.push(explain(error))
  // One wrong value must not hide what else is wrong.
  const isListener = ajv.compile<ListenerConfig>(listenerSchema)
  problems.push(...checkListeners(listenersIn(candidate).map((listener) => (isListener(listener) ? listener : null))))
  return null
}

function listenersIn(candidate: unknown): readonly unknown[] {
  if (typeof candidate !== 'object' || candidate === null || !('listeners' in candidate)) return []
  return Array.isArray(candidate.listeners) ? candidate.listeners : []
}

function explain(error: ErrorObject): Problem {
  const path = pathOf(error.instancePath)
  const node = nodeAt(configSchema, path)
  return { path, key: null, message: messageOf(error, node) }
}

function messageOf(error: ErrorObject, node: OptionNode): string {
  if (error.keyword === 'required') return `needs the option "${fileName(String(error.params.missingProperty))}"`
  if (error.keyword === 'minLength' || error.keyword === 'minItems') return 'must not be empty'
  if (error.keyword === 'format') return String(parseListenAddress(String(error.data)))
  const value = typeof error.data === 'number' ? written(node, error.data) : shown(error.data)
  return `must be ${accepted(node)}, not ${value}`
}

/** The steps of a JSON pointer; option names have no character that is escaped there. */
function pathOf(pointer: string): Path {
  const steps = pointer.split('/').slice(1)
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}

function nodeAt(root: OptionNode, path: Path): OptionNode {
  let node = root
  for (const step of path) node = (typeof step === 'number' ? node.items : node.properties?.[step]) ?? {}
  return node
}
