import { fileProblem, readBoundedFile } from '../base/bounded-file.ts'
import { interpretText } from './interpret.ts'
import { environmentName, type Path } from './names.ts'
import type { OptionNode } from './option.ts'
import { configSchema } from './schema.ts'
import { didYouMean } from './suggest.ts'

/** Variables of the process; `undefined` for one that is not set. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One option set by a variable. */
export interface Setting {
  readonly path: Path
  readonly value: unknown
  /** The variable or command-line option that said so. */
  readonly origin: string
}

const prefix = 'PETALTAIL_'
const listenName = `${prefix}LISTEN`

// Read elsewhere: by the command line.
const otherNames: readonly string[] = ['DEBUG', 'CA_PASSPHRASE', 'CA_KEY_PASSPHRASE', 'CA_KEY_PASSPHRASE_FILE'].map(
  (name) => `${prefix}${name}`,
)

// What Kubernetes sets in every container when a service is called "petaltail".
const serviceLink = /^PETALTAIL_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/

const maximumSecretBytes = 65_536

/** The options the environment sets; what cannot be read is added to `mistakes`, one line each. */
export function readEnvironment(environment: Environment, mistakes: string[]): Setting[] {
  const settings: Setting[] = []
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !name.startsWith(prefix) || otherNames.includes(name)) continue
    const found = target(name)
    if (found === null) {
      if (!serviceLink.test(name)) mistakes.push(`${name}: unknown variable${didYouMean(name, variableNames())}`)
      continue
    }
    if (found.fromFile && environment[found.name] !== undefined)
      mistakes.push(`${name}: ${found.name} is set too; set only one of them`)
    const text = found.fromFile ? readSecret(name, value, mistakes) : value
    if (text !== null) settings.push({ path: found.path, value: interpretText(found.node, text), origin: name })
  }
  // The list as a whole first, then what is said of its members.
  return settings.sort((a, b) => a.path.length - b.path.length)
}

/** The variable of every option, for the documentation; listeners by their position. */
export function variableNames(): string[] {
  const names = [listenName]
  collect(configSchema, prefix.slice(0, -1), names)
  return names
}

interface Target {
  readonly name: string
  readonly path: Path
  readonly node: OptionNode
  readonly fromFile: boolean
}

function target(name: string): Target | null {
  const exact = find(name)
  if (exact !== null) return { ...exact, name, fromFile: false }
  if (!name.endsWith('_FILE')) return null
  const plain = name.slice(0, -'_FILE'.length)
  const found = find(plain)
  // Where the value is a path anyway, NAME_FILE is another spelling of NAME.
  return found === null ? null : { ...found, name: plain, fromFile: found.node.file !== true }
}

function find(name: string): { path: Path; node: OptionNode } | null {
  if (name === listenName) return { path: ['listeners'], node: { type: 'array', items: { type: 'string' } } }
  return descend(configSchema, name.slice(prefix.length), [])
}

/** Option names hold underscores too, so every property that begins the rest is tried. */
function descend(node: OptionNode, rest: string, path: Path): { path: Path; node: OptionNode } | null {
  if (node.items?.properties !== undefined) {
    const match = /^(\d{1,3})_(.+)$/.exec(rest)
    return match === null ? null : descend(node.items, match[2] ?? '', [...path, Number(match[1])])
  }
  for (const [name, property] of Object.entries(node.properties ?? {})) {
    const key = environmentName(name)
    if (rest === key && isScalar(property)) return { path: [...path, name], node: property }
    const found = rest.startsWith(`${key}_`) ? descend(property, rest.slice(key.length + 1), [...path, name]) : null
    if (found !== null) return found
  }
  return null
}

function collect(node: OptionNode, name: string, names: string[]): void {
  if (isScalar(node)) names.push(name)
  else if (node.items !== undefined) collect(node.items, `${name}_0`, names)
  for (const [key, property] of Object.entries(node.properties ?? {}))
    collect(property, `${name}_${environmentName(key)}`, names)
}

function isScalar(node: OptionNode): boolean {
  return node.properties === undefined && node.items?.properties === undefined
}

function readSecret(name: string, file: string, mistakes: string[]): string | null {
  try {
    const text = readBoundedFile(file, maximumSecretBytes)
    if (text !== null) return text.replace(/\r?\n$/, '')
    mistakes.push(`${name}: ${file} is larger than 64 KiB`)
  } catch (error) {
    mistakes.push(`${name}: ${file}: ${fileProblem(error)}`)
  }
  return null
}
